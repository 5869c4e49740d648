import type { ConfigData } from 'html-validate'

/** HTML rules for pages. */
export const PAGE_RULES: ConfigData = {
  extends: ['html-validate:recommended'],
  rules: {
    // Source style: white space comes from the template engine.
    'no-trailing-whitespace': 'off',
    'void-style': 'off',
    'no-inline-style': 'error',
    // The boxes of a group share a name.
    'form-dup-name': ['error', { shared: ['radio', 'checkbox', 'button', 'reset', 'submit'] }],
    // A title may be as long as a paper's title.
    'long-title': 'off',
    // "autocapitalize" is global (html.spec.whatwg.org), and this rule does not know it.
    'input-attributes': 'off',
  },
}
