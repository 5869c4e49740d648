/** The page of an author's papers. The name in a link is the name as papers write it. */
export const authorHref = (name: string): string => `/authors/${encodeURIComponent(name)}`

/** The page of an organisation's papers. */
export const organizationHref = (name: string): string => `/organisations/${encodeURIComponent(name)}`

/** The sign-up form with a wish to follow someone, for visitors who are not readers. */
export const followHref = (kind: 'author' | 'organisation', name: string): string =>
  `/subscribe?${kind}=${encodeURIComponent(name)}`

/**
 * Follow, or its undoing, for templates/pages/follow-button.eta.
 * @param following undefined for a visitor who is not a reader
 */
export function followButton(
  kind: 'author' | 'organisation',
  name: string,
  { following, back }: { following: boolean | undefined; back: string },
) {
  if (following === undefined) return { name, href: followHref(kind, name) }
  const page = kind === 'author' ? authorHref(name) : organizationHref(name)
  return { name, following, back, action: `${page}/${following ? 'unfollow' : 'follow'}` }
}
