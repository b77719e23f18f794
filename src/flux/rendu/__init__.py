"""French faces of plain frames: numbers, labels, tables, pictures. It knows no stage."""
