import { z } from 'zod'

/** Fields of a filter form: an empty or invalid one filters nothing. */
export const formFields = <Shape extends z.ZodRawShape>(filter: z.ZodObject<Shape>) => {
  const fields = Object.entries(filter.shape).map(([name, type]) => [
    name,
    z
      .preprocess((value) => (value === '' ? undefined : value), type as z.ZodType)
      .optional()
      .catch(undefined),
  ])
  return z.object(Object.fromEntries(fields)) as unknown as z.ZodType<z.output<z.ZodObject<Shape>>>
}

/** A field that a form may repeat. The body has a single one as itself; invalid ones count as none. */
export const several = <Field extends z.ZodType>(field: Field, most = 1000) =>
  z.preprocess((value) => [value ?? []].flat(), z.array(field).max(most)).catch([])

/** The cursor of a page; an invalid one is the first page. */
export const cursor = z.coerce.number().int().positive().optional().catch(undefined)

/** Returns a link to the next page of the same filter. Undefined values are left out. */
export function pageHref(path: string, filter: object, before: number): string {
  return `${path}?${new URLSearchParams(setFields({ ...filter, before }))}`
}

/** Returns the fields of a filter that are set, for hidden fields of another form. */
export const setFields = (filter: object): [string, string][] =>
  Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
