"""Numbers as a reader takes them in: three digits, thousands apart, units that fit."""


def three_digits(value: float) -> str:
    """The value with three significant digits and no exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def scaled(value: float) -> str:
    """The value in thousands (k) or millions (M) where it is that large."""
    if abs(value) >= 999_500:
        return f"{_plain(value / 1e6)} M"
    if abs(value) >= 9_950:
        return f"{_plain(value / 1e3)} k"
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def rate(per_s: float) -> str:
    """Events per second, such as `105 k/s`."""
    return f"{scaled(per_s)}/s"


def seconds(value: float) -> str:
    """A duration, such as `9.5 s` or `1 h 2 min`."""
    if value < 120:
        return f"{value:.1f} s" if value >= 1 else f"{value:.2f} s"
    minutes = round(value / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def milliseconds(value: float | None) -> str:
    """A latency without its unit; a dash where it is not told."""
    return "-" if value is None else three_digits(value)


def share(part: float, whole: float) -> str:
    """A percentage that is never rounded to nothing or to all."""
    if not whole or part in (0, whole):
        return "100 %" if part and part == whole else "0 %"
    percent = 100 * part / whole
    if percent < 0.01:
        return "< 0.01 %"
    if percent > 99.99:
        return "> 99.99 %"
    return f"{percent:.2f} %" if percent < 1 or percent > 99 else f"{percent:.1f} %"


def _plain(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
