/** The page of an author's papers. The name in a link is the name as papers write it. */
export const authorHref = (name: string): string => `/authors/${encodeURIComponent(name)}`

/** The page of an organisation's papers. */
export const organizationHref = (name: string): string => `/organisations/${encodeURIComponent(name)}`

/** The sign-up form with a wish to follow someone. Readers who have signed up add names in their preferences. */
export const followHref = (kind: 'author' | 'organisation', name: string): string =>
  `/subscribe?${kind}=${encodeURIComponent(name)}`
