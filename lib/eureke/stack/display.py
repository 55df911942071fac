"""A stack as text: for `eureke status` and `eureke env`."""

import shlex

from eureke.stack.stack import Stack


def status_text(stack: Stack) -> str:
    """A line for each process: how it fares, its id, where it listens."""
    lines = [f"stack {stack.folder.name}  ({stack.folder})"]
    for each in stack.status():
        state = "running" if each.running else f"ended with exit code {each.exit_code}"
        listens = stack.addresses.get(each.name, "")
        lines.append(f"  {each.name:20} {state:28} process {each.pid:<8} {listens}".rstrip())
    lines += [f"  {name:20} given, not started here" for name in sorted(stack.given)]
    return "\n".join(lines)


def environment_text(stack: Stack) -> str:
    """Lines for a shell to evaluate: addresses and passwords, then examples as comments."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in stack.environment().items()]
    return "\n".join([*exports, *(f"# {line}" for line in stack.examples())])
