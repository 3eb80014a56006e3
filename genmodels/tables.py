"""Measurements as a table to read in a terminal."""

from typing import Any

COLUMNS = {  # heading: where the estimate is in a row, digits
    "RMSE train": ("reconstruction train rmse", 2),
    "RMSE test": ("reconstruction test rmse", 2),
    "PSNR test, dB": ("reconstruction test psnr", 2),
    "SSIM test": ("reconstruction test ssim", 3),
    "MS-SSIM": ("ms_ssim", 3),
    "MS-SSIM - real": ("ms_ssim_minus_real", 3),
    "sharpness": ("sharpness", 4),
    "RMSE to nearest training picture": ("nearest_rmse", 2),
    "line to training, mean RMSE": ("manifold test_pictures mean_rmse", 2),
    "line to training, nearest RMSE": ("manifold test_pictures nearest_rmse", 2),
    "MMD(Q_z, P_z)": ("latent mmd", 4),
    "fixed point before": ("fixed_point_before", 1),
    "fixed point after": ("fixed_point_after", 1),
}


def find(row: dict[str, Any], path: str) -> dict | None:
    """The estimate at a path of keys in a row, looked for among its samples too; None where it was not measured."""
    for start in (row, row.get("samples", {})):
        value = start
        for name in path.split():
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def plain(rows: dict[str, dict]) -> str:
    """One line for each measure, one column for each row of measurements, '-' where there is none."""
    cells = [["", *rows]]
    for heading, (path, digits) in COLUMNS.items():
        found = [find(row, path) for row in rows.values()]
        if any(found):
            cells.append([heading, *(_cell(value, digits) for value in found)])
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _cell(value: dict | None, digits: int) -> str:
    if value is None:
        return "-"
    mean, low, high = (f"{value[key]:.{digits}f}" for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}] ({value['n']:,})"
