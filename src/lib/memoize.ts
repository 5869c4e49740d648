const MAX_VALUES = 2_000

/** Returns `make` with its values cached by key. A full cache is emptied, so that memory stays bounded. */
export function memoize<A, V>(keyOf: (argument: A) => string, make: (argument: A) => V): (argument: A) => V {
  const values = new Map<string, V>()
  return (argument) => {
    const key = keyOf(argument)
    let value = values.get(key)
    if (value === undefined) {
      if (values.size >= MAX_VALUES) values.clear()
      value = make(argument)
      values.set(key, value)
    }
    return value
  }
}
