"""docs/benchmarks.svg."""


def draw(results, growths):
    return "<svg xmlns='http://www.w3.org/2000/svg'/>", "a plot"
