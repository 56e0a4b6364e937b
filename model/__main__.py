"""`python -m model inspect | import | predict | explain | pid`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from model.checkpoint import load_checkpoint, save_checkpoint
from model.cli import pid as pid_command
from model.cli.arguments import at_least, share
from model.cli.gallery import Gallery, image_paths
from model.errors import LabnError
from model.images.overlay import COLORMAPS, Style
from model.network import LambdaAbn
from model.predictor import Predictor
from model.presets import NETWORKS, PREPROCESSING_OF, PREPROCESSINGS, network_config
from model.published import is_branched, network_from_published, read_state_dict
from model.runtime.allocator import keep_memory
from model.runtime.device import usable_device


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        0; 1 where some image could not be used; 2 where nothing could be done, with one line on stderr.
    """
    keep_memory()
    options = _parser().parse_args(arguments)
    try:
        code = int(options.command(options))
        sys.stdout.flush()  # here, where a reader that went away is known
    except LabnError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    else:
        return code


def _inspect(options: argparse.Namespace) -> int:
    for path in options.checkpoints:
        loaded = load_checkpoint(path, folded=False)
        document = {
            "path": str(path),
            "version": loaded.version,
            "parameters": _parameters(loaded.network),
            "labels": list(loaded.labels),
            "network": loaded.config.to_dict(),
            "preprocessing": loaded.preprocessing.to_dict(),
            "card": loaded.card,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    return 0


def _parameters(network: LambdaAbn) -> dict[str, int]:
    """Count the parameters of the three parts of the paper's Figure 2."""
    parts = {
        "feature_extractor": (network.stem, network.before),
        "attention_branch": (network.branch,),
        "perception_branch": (network.after, network.classify),
    }
    counts = {name: sum(p.numel() for m in modules for p in m.parameters()) for name, modules in parts.items()}
    return {"total": sum(counts.values()), **counts}


def _import(options: argparse.Namespace) -> int:
    labels = tuple(label.strip() for label in options.labels.split(","))
    changes: dict[str, Any] = {"classes": len(labels)}
    if options.threshold is not None:
        changes["threshold"] = options.threshold
    torch.manual_seed(0)  # of what an un-branched network leaves to be initialised
    weights = read_state_dict(options.published)
    config = network_config(options.preset, **changes)
    network = network_from_published(weights, config, source=str(options.published))
    card = {"imported": options.published.name, "trained": is_branched(weights)}
    save_checkpoint(
        options.out,
        network,
        preprocessing=PREPROCESSINGS[PREPROCESSING_OF[options.preset]],
        labels=labels,
        card=card,
    )
    print(json.dumps({"path": str(options.out), "version": load_checkpoint(options.out).version, **card}))
    return 0


def _predict(options: argparse.Namespace) -> int:
    predictor = Predictor(load_checkpoint(options.checkpoint), device=usable_device(options.device))
    gallery = Gallery(
        predictor=predictor,
        method=None if options.method == "none" else options.method,
        style=Style(
            threshold=predictor.loaded.config.threshold if options.threshold is None else options.threshold,
            colormap=options.colormap,
            opacity=options.opacity,
        ),
        longest=options.size,
        out=options.out,
    )
    failed = 0
    for document in gallery.documents(image_paths(options.images)):
        failed += "error" in document
        print(json.dumps(document, ensure_ascii=False), flush=True)
    return int(failed > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    inspect = commands.add_parser("inspect", help="print what a checkpoint is, as JSON")
    inspect.add_argument("checkpoints", type=Path, nargs="+", metavar="CHECKPOINT")
    inspect.set_defaults(command=_inspect)

    importer = commands.add_parser("import", help="turn a published state dict into a checkpoint")
    importer.add_argument("published", type=Path, metavar="PUBLISHED.pt")
    importer.add_argument("out", type=Path, metavar="OUT.safetensors")
    importer.add_argument("--preset", required=True, choices=sorted(NETWORKS))
    importer.add_argument("--threshold", type=float, help="θ of the gate (the preset's)")
    importer.add_argument("--labels", required=True, help="class names, comma-separated, negative first")
    importer.set_defaults(command=_import)

    predict = commands.add_parser("predict", help="classify images: one JSON object a line")
    explain = commands.add_parser("explain", help="classify images and draw their heatmaps into a folder")
    for command in (predict, explain):
        command.add_argument("checkpoint", type=Path)
        command.add_argument("images", nargs="+", metavar="IMAGE", help="files, folders, globs")
        command.add_argument("--method", default="attention", choices=[*Predictor.METHODS, "none"])
        command.add_argument("--threshold", type=share, help="of the display (the model's θ)")
        command.add_argument("--colormap", default=COLORMAPS[0], choices=COLORMAPS)
        command.add_argument("--opacity", type=share, default=0.5)
        command.add_argument("--size", type=at_least(1), default=1024, help="longest side of the pictures, px")
        command.add_argument("--out", type=Path, required=command is explain, help="folder for the pictures")
        command.add_argument("--device", default="cpu", help="cpu or cuda")
        command.set_defaults(command=_predict)

    pid = commands.add_parser("pid", help="score explanations by patch insertion-deletion, into a folder")
    pid_command.add_arguments(pid)
    pid.set_defaults(command=pid_command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
