"""The fixed parts of a script: arrays, and results held against what is due."""

from bnproof.replay.script_exit import ScriptExit

ARRAY = '''
def array(dtype, shape, numbers):
    """An array of hexadecimal numbers."""
    values = np.array([float.fromhex(number) for number in numbers.split()])
    return values.astype(dtype).reshape(shape)
'''

PACKED = '''
def packed(dtype, shape, text):
    """An array of the bytes that a text holds."""
    values = np.frombuffer(base64.b64decode(text), np.dtype(dtype).newbyteorder("<"))
    return values.astype(dtype).reshape(shape)
'''

LAID_OUT = '''
def laid_out(values, strides):
    """The same values in writable memory with these strides, in bytes."""
    if not values.size:
        return values
    reach = [stride * (side - 1) for stride, side in zip(strides, values.shape)]
    before = -sum(r for r in reach if r < 0) // values.itemsize + 1
    after = sum(r for r in reach if r > 0) // values.itemsize + 2
    memory = np.full(before + after, 7, values.dtype)
    view = np.ndarray(values.shape, values.dtype, memory, before * values.itemsize, strides)
    view[...] = values
    return view
'''

SHIFTED = '''
def shifted(values, elements):
    """The same values, so many elements behind a multiple of 64 bytes."""
    memory = np.full(values.size + 256 // values.itemsize, 7, values.dtype)
    begin = -memory.ctypes.data % 64 // values.itemsize + elements
    view = memory[begin : begin + values.size].reshape(values.shape)
    view[...] = values
    return view
'''

COMPARE = '''
failures = 0


def fail(text):
    global failures
    failures += 1
    print(text)


def compare(name, got, want, bound, low=0.0):
    """Print where got is further from want + low, which is exact, than the bound allows.

    Where want is NaN, got is not finite.
    """
    got = np.asarray(got).astype(np.float64)
    if got.shape != want.shape:
        return fail(f"{name}: shape {got.shape}, due {want.shape}")
    with np.errstate(all="ignore"):
        error = np.abs((got - want) - low)
        number = np.isfinite(want)
        kind = np.where(np.isnan(want), np.isfinite(got), got != want)
        wrong = np.where(number, ~(error <= bound), kind) & ~np.isinf(bound)
        error = np.where(np.isnan(error), np.inf, error)
        worst = np.argsort(-np.where(wrong, error, -1.0), axis=None, kind="stable")[:8]
    if not wrong.any():
        return print(f"{name}: as due, within the bound")
    fail(f"{name}: {int(wrong.sum())} of {wrong.size} are wrong")
    print(f"  {'index':>12}  {'got':>16}  {'want':>16}  {'error':>9}  {'bound':>9}")
    for flat in worst:
        at = np.unravel_index(flat, wrong.shape)
        if wrong[at]:
            index = "[" + ", ".join(str(int(i)) for i in at) + "]"
            row = f"{got[at]:16.9g}  {want[at]:16.9g}  {error[at]:9.3g}  {bound[at]:9.3g}"
            print(f"  {index:>12}  {row}")
'''

END = f"""
print("it fails" if failures else "fixed")
sys.exit({ScriptExit.FAILS.value} if failures else {ScriptExit.FIXED.value})
"""
