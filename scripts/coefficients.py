"""Prints the polynomial coefficients in Sources/CKernels/math_f32.h.

Least squares at Chebyshev nodes, weighted for relative error, in 60 digits. Needs mpmath."""

from mpmath import mp, mpf, matrix, lu_solve, cos, pi, exp, expm1, log, log1p, tanh, erf, erfc, sqrt

mp.dps = 60


def fit(name, f, low, high, degree, weight=lambda x: 1):
    """f(x) ~ sum of c[i] x^i over [low, high], with errors divided by 1 / weight(x)."""
    low, high = mpf(low), mpf(high)
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (16 * (degree + 1)))
             for i in range(8 * (degree + 1))]
    # A squared Chebyshev weight makes least squares behave like minimax.
    rows = matrix(len(nodes), degree + 1)
    right = matrix(len(nodes), 1)
    for i, x in enumerate(nodes):
        w = weight(x)
        for j in range(degree + 1):
            rows[i, j] = w * x**j
        right[i] = w * f(x)
    c = lu_solve(rows.T * rows, rows.T * right)
    value = lambda x: sum(c[j] * x**j for j in range(degree + 1))
    worst = max(abs(weight(x) * (value(x) - f(x))) for x in nodes)
    print(f"// {name}: weighted error {mp.nstr(worst, 3)}")
    print(", ".join(mp.nstr(c[j], 10) + "f" for j in range(degree + 1)))


half = log(2) / 2
tiny = mpf(10)**-25
fit("exp: (e^r - 1 - r) / r^2", lambda r: (exp(r) - 1 - r) / r**2, -half + tiny, half, 4,
    lambda r: r**2)
fit("expm1: (e^x - 1 - x) / x^2", lambda x: (expm1(x) - x) / x**2, -0.5 + tiny, 0.5, 5, lambda x: x)
fit("log: (log(1 + f) - f + f^2 / 2) / f^3", lambda f: (log1p(f) - f + f**2 / 2) / f**3,
    sqrt(mpf(1) / 2) - 1 + tiny, sqrt(mpf(2)) - 1, 7, lambda f: f**2)
fit("tanh: (tanh(x) / x - 1) / x^2, in x^2", lambda s: (tanh(sqrt(s)) / sqrt(s) - 1) / s, tiny,
    0.625**2, 4, lambda s: s)
fit("erf: erf(x) / x, in x^2", lambda s: erf(sqrt(s)) / sqrt(s), tiny, 1, 6)
fit("erfc: e^(x^2) erfc(x) / t, in t = 1 / (1 + x / 2)",
    lambda t: exp((2 / t - 2)**2) * erfc(2 / t - 2) / t, mpf(1) / 6, mpf(2) / 3 + mpf("0.01"), 8)
tail = lambda x: erfc(x / sqrt(mpf(2))) / 2
fit("gelu: (log2(tail(x)) + 1) / x, where tail(x) = erfc(x / sqrt(2)) / 2", lambda x: (log(tail(x), 2) + 1) / x,
    tiny, mpf("6.5"), 10, lambda x: x * tail(x) * (x + mpf("0.004")))
fit("power of two: (2^r - 1) / r", lambda r: (mpf(2)**r - 1) / r, mpf("-0.5") + tiny, mpf("0.5"), 5, lambda r: r)
