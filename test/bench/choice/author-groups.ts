import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'

/** Papers with more authors are collaborations, where shared authors mean little. */
const MOST_AUTHORS = 50
const FEWEST_SHARED = 2

type Graph = Map<number, Map<number, number>>

/**
 * Returns groups of papers by the same people: communities of papers that share at least two authors (Louvain method; Blondel et al.
 * 2008). Papers without such another are in no group.
 */
export function authorGroups(papers: readonly ListedPaper[]): number[][] {
  let graph = linksOf(papers)
  let groupOf = new Map([...graph.keys()].map((paper) => [paper, paper]))
  for (;;) {
    const moved = moveToBestGroups(graph)
    if (![...moved].some(([node, group]) => node !== group)) break
    groupOf = new Map([...groupOf].map(([paper, group]) => [paper, moved.get(group)!]))
    const merged: Graph = new Map()
    for (const [a, others] of graph)
      for (const [b, weight] of others) addLink(merged, moved.get(a)!, moved.get(b)!, weight)
    graph = merged
  }
  return [...Map.groupBy(groupOf.keys(), (paper) => groupOf.get(paper)!).values()]
}

function linksOf(papers: readonly ListedPaper[]): Graph {
  const of = new Map<string, number[]>()
  for (const [paper, { authors }] of papers.entries()) {
    if (authors.length > MOST_AUTHORS) continue
    for (const name of new Set(authors)) of.set(name, [...(of.get(name) ?? []), paper])
  }
  const shared: Graph = new Map()
  for (const own of of.values()) for (const a of own) for (const b of own) if (a !== b) addLink(shared, a, b, 1)
  const graph: Graph = new Map()
  for (const [a, others] of shared)
    for (const [b, authors] of others) if (authors >= FEWEST_SHARED) addLink(graph, a, b, 1)
  return graph
}

function addLink(graph: Graph, a: number, b: number, weight: number): void {
  const others = graph.get(a) ?? new Map<number, number>()
  graph.set(a, others.set(b, (others.get(b) ?? 0) + weight))
}

/** Moves each node to the neighbouring group that raises modularity most, until none does. */
function moveToBestGroups(graph: Graph): Map<number, number> {
  const group = new Map([...graph.keys()].map((node) => [node, node]))
  const degree = new Map([...graph].map(([node, others]) => [node, sumOf(others.values())]))
  const total = new Map(degree)
  const all = sumOf(degree.values())
  for (let moved = true; moved; ) {
    moved = false
    for (const [node, others] of graph) {
      const from = group.get(node)!
      const own = degree.get(node)!
      total.set(from, total.get(from)! - own)
      const links = new Map<number, number>([[from, 0]])
      for (const [other, weight] of others)
        if (other !== node) links.set(group.get(other)!, (links.get(group.get(other)!) ?? 0) + weight)
      const gain = (to: number) => links.get(to)! - (total.get(to)! * own) / all
      let best = from
      for (const to of links.keys()) if (gain(to) > gain(best) + 1e-9) best = to
      total.set(best, total.get(best)! + own)
      group.set(node, best)
      if (best !== from) moved = true
    }
  }
  return group
}

const sumOf = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0)
