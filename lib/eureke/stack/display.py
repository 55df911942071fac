"""A stack as text: for `eureke status` and `eureke env`."""

import shlex

from eureke.stack.services import Services


def status_text(stack: Services) -> str:
    """A line for each process: how it fares, its id, where it listens."""
    lines = [f"stack {stack.folder.name}  ({stack.folder})"]
    for each in stack.status():
        state = "running" if each.running else f"ended with exit code {each.exit_code}"
        listens = stack.addresses.get(each.name, "")
        lines.append(f"  {each.name:20} {state:28} process {each.pid:<8} {listens}".rstrip())
    lines += [f"  {name:20} given, not started here" for name in sorted(stack.given)]
    return "\n".join(lines)


def environment_text(stack: Services) -> str:
    """Lines for a shell to evaluate: addresses and passwords, then examples as comments."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environment(stack).items()]
    return "\n".join([*exports, *(f"# {line}" for line in examples(stack))])


def environment(stack: Services) -> dict[str, str]:
    """Addresses and passwords for kcat, redis-cli and the like."""
    settings = stack.settings
    return {
        "EUREKE_KAFKA": settings.kafka,
        "EUREKE_REDIS_QUEUE": settings.redis_queue,
        "EUREKE_REDIS_CACHE": settings.redis_cache,
        "EUREKE_PROVIDER": settings.provider_url,
        **({"EUREKE_API": settings.api_url} if settings.api_url else {}),
        **({"EUREKE_API_TOKEN": settings.api_tokens["write"]} if settings.api_url else {}),
        **_tls(stack),
        **({"EUREKE_PROMETHEUS": settings.prometheus_url} if settings.prometheus_url else {}),
        **_grafana(stack),
        "EUREKE_SETTINGS": str(stack.folder / "settings.json"),
    }


def _tls(stack: Services) -> dict[str, str]:
    """Where the API speaks TLS, and the file by which that is checked."""
    address = stack.addresses.get("nginx.tls")
    if address is None:
        return {}
    return {
        "EUREKE_API_TLS": f"https://{address}",
        "EUREKE_API_AUTHORITY": str(stack.authority),
    }


def _grafana(stack: Services) -> dict[str, str]:
    """Where the dashboards are, and the password of `admin`; who only looks needs none."""
    if "grafana" not in stack.names:
        return {}
    return {
        "EUREKE_GRAFANA": f"http://{stack.addresses['grafana']}",
        "EUREKE_GRAFANA_PASSWORD": stack.password("grafana"),
    }


def examples(stack: Services) -> list[str]:
    """Lines for a shell that has the environment: a look into each server."""
    lane = stack.settings.lanes[0]
    return [
        f'kcat -b "$EUREKE_KAFKA" -C -t {stack.settings.receipts} -o -5 -e',
        f'redis-cli --no-auth-warning -u "$EUREKE_REDIS_QUEUE" llen {lane.queue}',
        'redis-cli --no-auth-warning -u "$EUREKE_REDIS_CACHE" info memory',
        'curl "$EUREKE_PROVIDER/counts"',
    ]
