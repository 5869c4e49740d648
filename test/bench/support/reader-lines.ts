const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney']

/** Yields a CSV file of readers with a zone, an hour and a size, some 50 bytes each. */
export function* readerLines(readers: number): Generator<string> {
  yield 'email,zone,hour,size\n'
  for (let n = 1; n <= readers; n++) yield `reader-${n}@reader.example,${ZONES[n % 5]},${n % 24},${5 + (n % 11)}\n`
}
