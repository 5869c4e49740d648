// Loaded before anything else, and read by any Node: older ones know neither the TypeScript nor the syntax of the rest.
const OLDEST = 24

if (Number.parseInt(process.versions.node, 10) < OLDEST) {
  process.stderr.write(
    `Paperboy needs Node ${OLDEST}, and this is ${process.versions.node}. The npm package "node" brings it, unless npm runs no install scripts. Run: npm rebuild node --ignore-scripts=false\n`,
  )
  process.exit(1)
}
