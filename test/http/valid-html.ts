import type { ConfigData } from 'html-validate'

/** What a page's HTML is held to. */
export const PAGE_RULES: ConfigData = {
  extends: ['html-validate:recommended'],
  rules: {
    // Style of the source, which is the template engine's white space.
    'no-trailing-whitespace': 'off',
    'void-style': 'off',
    'no-inline-style': 'error',
    // A title may be as long as a paper's.
    'long-title': 'off',
    // "autocapitalize" is global (html.spec.whatwg.org), and this rule does not know it.
    'input-attributes': 'off',
  },
}
