/** Returns a column name without case, spaces and punctuation: "E-Mail", "e_mail" and "email" are one column. */
export const normalizeName = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** The names of email address columns, separated by commas, and the tools that write them. */
export const ADDRESS_COLUMNS: readonly (readonly [names: string, tool: string])[] = [
  ['Email Address', 'Mailchimp'],
  ['email_address', 'Buttondown'],
  ['E-mail, Mail, E-Mail-Adresse, Email adres, Adresse e-mail, Correo electrónico', 'spreadsheets'],
]

const ADDRESS_NAMES = new Set(['email', ...ADDRESS_COLUMNS.flatMap(([names]) => names.split(', ').map(normalizeName))])

/** Returns whether a column of this name holds email addresses. */
export const isAddressColumn = (name: string): boolean => ADDRESS_NAMES.has(normalizeName(name))
