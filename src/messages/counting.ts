/**
 * Returns a function that writes a number with the noun in its form: "1 voto", "12 votos". Suits languages with two plural forms.
 * French counts 0 as singular, so each language's own rule decides.
 */
export function countIn(intl: string): (n: number, one: string, other: string) => string {
  const rules = new Intl.PluralRules(intl)
  return (n, one, other) => `${n.toLocaleString(intl)} ${rules.select(n) === 'one' ? one : other}`
}
