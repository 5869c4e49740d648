/** The page of an author's papers. The name in a link is the name as papers write it. */
export const authorHref = (name: string): string => `/authors/${encodeURIComponent(name)}`

/** The page of an organisation's papers. */
export const organizationHref = (name: string): string => `/organisations/${encodeURIComponent(name)}`

const PAGES = { author: authorHref, organisation: organizationHref, topic: (slug: string) => `/topics/${slug}` }

/** What a reader can follow. A topic's name in links is its slug. */
export type Followable = keyof typeof PAGES

export const followedHref = (kind: Followable, name: string): string => PAGES[kind](name)

/** The sign-up form with a wish to follow something, for visitors who are not readers. */
export const followHref = (kind: Followable, name: string): string => `/subscribe?${kind}=${encodeURIComponent(name)}`

/**
 * Follow, or its undoing, for templates/pages/follow-button.eta.
 * @param following undefined for a visitor who is not a reader
 */
export function followButton(
  kind: Followable,
  name: string,
  { following, back, label = name }: { following: boolean | undefined; back: string; label?: string },
) {
  if (following === undefined) return { name: label, href: followHref(kind, name) }
  return { name: label, following, back, action: `${followedHref(kind, name)}/${following ? 'unfollow' : 'follow'}` }
}
