import type { App } from '../../src/app.ts'

/** All routes in the router's form, such as `GET /papers/:id`. */
export function routesOf(app: App): { method: string; path: string }[] {
  const routes: { method: string; path: string }[] = []
  const above: string[] = []
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods] = /^((?:│ {3}| {4})*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? []
    if (part === '') continue
    const depth = indent.length / 4
    above.length = depth
    above.push(part)
    for (const method of methods?.split(', ') ?? []) routes.push({ method, path: above.join('') })
  }
  return routes
}
