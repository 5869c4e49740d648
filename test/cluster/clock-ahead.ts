/** Loaded with `node --import`: this process believes that it is ten minutes later. Its monotonic clock stays right. */
const AHEAD_MS = 10 * 60_000

const later = () => realNow() + AHEAD_MS
const realDate = Date
const realNow = Date.now
globalThis.Date = new Proxy(realDate, {
  construct: (target, given, newTarget) => Reflect.construct(target, given.length > 0 ? given : [later()], newTarget),
  get: (target, key, receiver) => (key === 'now' ? later : Reflect.get(target, key, receiver)),
  apply: () => new realDate(later()).toString(),
})
