"""A benchmark as JSON and as a table."""

import platform
from collections.abc import Sequence
from typing import Any

import jax
import ml_collections
import numpy as np

from genmodels import data, methods
from genmodels.benchmark import inference, timing
from genmodels.benchmark.steps import Bench
from genmodels.model import CHUNK
from genmodels.nets import choice


def measure(config: ml_collections.ConfigDict, images: data.Dataset, seconds: float) -> dict[str, Any]:
    """What training with `config` costs; each part is timed five times, for about `seconds` each."""
    bench = Bench(config, images.train)
    peak = timing.matmul_peak(config.model.dtype, seconds)
    return {
        "method": config.method,
        "image_size": config.image_size,
        "batch_size": config.train.batch_size,
        "steps_per_call": config.train.steps_per_call,
        "placement": config.data.placement,
        "dtype": config.model.dtype,
        "devices": len(bench.devices.devices),
        "device": jax.devices()[0].device_kind,
        "machine": platform.processor() or platform.machine(),
        "jax": jax.__version__,
        "matmul_flops_per_s": peak,
        "phases": {phase.name: _phase(bench, phase, peak, seconds) for phase in bench.method.phases},
        "peak_bytes": (jax.local_devices()[0].memory_stats() or {}).get("peak_bytes_in_use"),
        "inference": inference.measure(config, seconds),
    }


def _phase(bench: Bench, phase: methods.Phase, peak: float, seconds: float) -> dict[str, Any]:
    compiled, times = bench.compile(phase), bench.run(phase, seconds)
    flops, step = compiled["flops"], times["resident"].median
    return compiled | {
        "step_s": {name: each._asdict() for name, each in times.items()},
        "images_per_s": bench.config.train.batch_size / step,
        "flops_per_image": _per_image(bench, flops),
        "bytes_per_image": _per_image(bench, compiled["bytes"]),
        "share_of_matmul": None if flops is None else flops / step / peak,
        "input_costs": times["training"].median / step - 1,
    }


def _per_image(bench: Bench, count: float | None) -> float | None:
    """What a step takes of each device, for each image; None if it was not counted."""
    return None if count is None else count * len(bench.devices.devices) / bench.config.train.batch_size


def scaling(
    config: ml_collections.ConfigDict, sizes: Sequence[int], batches: Sequence[int], seconds: float
) -> list[dict[str, Any]]:
    """Time and FLOPs of the last phase's step over image sizes and batch sizes, on noise."""
    rows = []
    for size in sizes:
        for batch in batches:
            scaled = resized(config, size, batch)
            noise = np.random.default_rng(0).integers(0, 256, (2 * batch, size, size, 3), np.uint8)
            bench = Bench(scaled, noise)
            phase = bench.method.phases[-1]
            step, flops = bench.run(phase, seconds)["resident"], bench.compile(phase)["flops"]
            row = {
                "image_size": size,
                "batch_size": batch,
                "step_s": step._asdict(),
                "images_per_s": batch / step.median,
                "flops_per_image": _per_image(bench, flops),
            }
            row["shares"] = {name: seconds_of / step.median for name, seconds_of in _parts(scaled, seconds).items()}
            rows.append(row)
    return rows


def resized(config: ml_collections.ConfigDict, size: int, batch: int) -> ml_collections.ConfigDict:
    """The config for another image and batch size, with the channels that the nets need."""
    scaled = ml_collections.ConfigDict(config.to_dict())
    scaled.image_size, scaled.train.batch_size = size, batch
    scaled.model.channels = choice.pair(config).fit(choice.channels(config), size)
    return scaled


def _parts(config: ml_collections.ConfigDict, seconds: float) -> dict[str, float]:
    """Seconds of each part of a step that the method's Spec names, by its name."""
    codes, prior = jax.random.normal(jax.random.key(0), (2, config.train.batch_size, config.model.latent))
    programs = {name: jax.jit(part) for name, part in methods.spec(config).parts.items()}
    return {
        name: timing.repeated(lambda part=part: part(codes, prior), seconds).median for name, part in programs.items()
    }


def table(found: dict[str, Any]) -> str:
    """The measurements as Markdown."""
    lines = [
        f"{found['method']}, {found['image_size']} px, batches of {found['batch_size']}, {found['dtype']}; "
        f"{found['devices']} x {found['device']} ({found['machine']}), jax {found['jax']}; "
        f"matrix products at {found['matmul_flops_per_s'] / 1e9:,.0f} GFLOP/s.",
        "",
        "| | " + " | ".join(found["phases"]) + " |",
        "|---|" + "---|" * len(found["phases"]),
    ]
    for name, of_phase in ROWS.items():
        lines.append(f"| {name} | " + " | ".join(of_phase(phase) for phase in found["phases"].values()) + " |")
    lines += ["", "| images at once | encoded/s | decoded/s | device memory, MB |", "|---|---|---|---|"]
    lines += [
        f"| {row['at_once']:,} | {row['encode']:,.0f} | {row['decode']:,.0f} | {row['device_bytes'] / 1e6:,.0f} |"
        for row in found["inference"]["by_size"]
    ]
    rate, largest = (found["inference"][name] for name in ("refine_steps", "largest"))
    lines += ["", f"Improved sampling: {rate:,.0f} steps per second, summed over {CHUNK} codes at once."]
    if largest:
        lines.append(f"About {largest:,} images at once fit in the device's memory.")
    if found["peak_bytes"]:
        lines.append(f"Peak device memory: {found['peak_bytes'] / 1e9:.2f} GB.")
    if found["scaling"]:
        parts = list(found["scaling"][0]["shares"])
        heads = ["px", "batch", "step, ms", "images/s", "MFLOP per image", *parts]
        lines += ["", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        for row in found["scaling"]:
            lines.append(
                f"| {row['image_size']} | {row['batch_size']} | {_milliseconds(row['step_s'])} | "
                f"{row['images_per_s']:,.0f} | {_millions(row['flops_per_image'])} |"
                + "".join(f" {row['shares'][name]:.1%} |" for name in parts)
            )
    return "\n".join(lines)


def _milliseconds(times: dict[str, float]) -> str:
    median, least, most = (1e3 * times[name] for name in ("median", "least", "most"))
    return f"{median:.1f} [{least:.1f}, {most:.1f}]"


def _millions(count: float | None, form: str = ",.0f") -> str:
    return "–" if count is None else format(count / 1e6, form)


ROWS = {
    "trace, s": lambda phase: f"{phase['trace_s']:.1f}",
    "compile, s": lambda phase: f"{phase['compile_s']:.1f}",
    "compile from the cache, s": lambda phase: f"{phase['compile_cached_s']:.1f}",
    "step, one resident batch, ms": lambda phase: _milliseconds(phase["step_s"]["resident"]),
    "step, real input, ms": lambda phase: _milliseconds(phase["step_s"]["training"]),
    "overhead of real input": lambda phase: f"{phase['input_costs']:+.1%}",
    "host time per step, ms": lambda phase: _milliseconds(phase["step_s"]["host"]),
    "input alone, ms": lambda phase: _milliseconds(phase["step_s"]["input"]),
    "images/s": lambda phase: f"{phase['images_per_s']:,.0f}",
    "MFLOP per image": lambda phase: _millions(phase["flops_per_image"]),
    "memory traffic per image, MB": lambda phase: _millions(phase["bytes_per_image"], ",.1f"),
    "share of the matrix-product rate": lambda phase: (
        "–" if phase["share_of_matmul"] is None else f"{phase['share_of_matmul']:.0%}"
    ),
    "device memory of a step, MB": lambda phase: f"{phase['device_bytes'] / 1e6:,.0f}",
}
