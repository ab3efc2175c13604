"""Our own line icons and state shapes, as SVG paths on a 16 × 16 and a 10 × 10 grid. PURE."""

ICONS = {
    "overview": "M2.5 2.5h4.5v6h-4.5zM9 2.5h4.5v3.5h-4.5zM9 8.5h4.5v5h-4.5zM2.5 11h4.5v2.5h-4.5z",
    "target": "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6",
    "layers": "M8 2.2 14 5.5 8 8.8 2 5.5zM2.2 8.4 8 11.5l5.8-3.1M2.2 11 8 14.1 13.8 11",
    "grid": "M2.5 4h11M2.5 8h11M2.5 12h11M5.5 2.5v11",
    "bell": "M3.5 11.5h9M4.5 11.5v-4a3.5 3.5 0 0 1 7 0v4M6.8 13.8h2.4",
    "flag": "M4 14V2.5M4 3h8.5l-2 3 2 3H4",
    "book": "M8 4C6.5 2.9 4.5 2.7 2.5 2.9v9.6c2-.2 4 0 5.5 1.1 1.5-1.1 3.5-1.3 5.5-1.1V2.9c-2-.2-4 0-5.5 1.1zM8 4v9.6",
    "search": "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.3 10.3 13.5 13.5",
    "auto": "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
    "light": (
        "M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1.5v1.5M8 13v1.5M1.5 8h1.5M13 8h1.5"
        "M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1"
    ),
    "dark": "M12.8 9.8A5.3 5.3 0 0 1 6.2 3.2a5.3 5.3 0 1 0 6.6 6.6z",
    "user": "M8 2.8a2.7 2.7 0 1 0 0 5.4a2.7 2.7 0 1 0 0-5.4M3 13.5c.4-2.5 2.5-3.7 5-3.7s4.6 1.2 5 3.7",
    "out": "M6.5 3H3v10h3.5M7 8h6.5M11 5.5 13.5 8 11 10.5",
    "up": "M8 13V3.5M4 7.3l4-4 4 4",
    "down": "M8 3v9.5M4 8.7l4 4 4-4",
    "link": "M9.5 2.5h4v4M13.3 2.7 7.5 8.5M11.5 9v4.5h-9v-9H7",
    "arrow": "M3 8h10M9 4l4 4-4 4",
}

SHAPES = {
    "disc": '<circle cx="5" cy="5" r="3.5"/>',
    "triangle": '<path d="M5 1 9.5 9H.5z"/>',
    "square": '<rect x="1.25" y="1.25" width="7.5" height="7.5" rx=".5"/>',
    "half": '<circle cx="5" cy="5" r="3.5" class="outline"/><path d="M5 1.5a3.5 3.5 0 0 1 0 7z"/>',
    "dotted": '<circle cx="5" cy="5" r="3.5" class="outline dotted"/>',
    "ring": '<circle cx="5" cy="5" r="3.5" class="outline"/>',
    "bar": '<path d="M1 3.5h8v3H1z"/>',
}
