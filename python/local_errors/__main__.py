"""Convert what torch.save wrote to a network's directory."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import warnings
from typing import NoReturn

try:
    from .network import ACTIVATIONS, check, save_network
    from .pytorch import from_torch, load
except ImportError as error:
    sys.exit(f"local_errors: needs NumPy ({error})")


def main() -> None:
    parser = argparse.ArgumentParser(prog="local_errors", description="Convert a PyTorch module to a network's directory.")
    parser.add_argument("module", help="file of torch.save: Sequential(Linear, ReLU, ..., Linear), or a state_dict")
    parser.add_argument("directory", help="network directory to write")
    parser.add_argument(
        "--activation", choices=list(ACTIVATIONS), help="function between the Linear layers of a state_dict, which does not contain it"
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    try:
        try:
            layers = from_torch(load(args.module), args.activation)
            check(layers)
        except ImportError:
            raise
        except Exception as error:  # a tensor may be of a kind that PyTorch refuses to convert
            fail(f"{args.module}: {error}")
        save_network(args.directory, layers)
    except KeyboardInterrupt:
        # End as an uncaught Ctrl-C does, now that the temporary files are removed.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except ImportError as error:
        fail(f"needs PyTorch ({error})")
    except OSError as error:
        fail(f"{args.directory}: {error.strerror or error}")
    except ValueError as error:
        fail(error)


def fail(message: object) -> NoReturn:
    """End with one line on stderr, in which control characters are escaped."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in f"local_errors: {message}")
    sys.exit(line[:400])


if __name__ == "__main__":
    main()
