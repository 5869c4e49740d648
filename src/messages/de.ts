import type { Messages } from './en.ts'

/** What readers see, in German. */
export const de: Messages = {
  lang: 'de',
  intl: 'de-DE',
  name: 'Deutsch',
  common: {
    skip: 'Zum Inhalt springen',
    papers: (n) => `${n.toLocaleString('de-DE')} Artikel`,
  },
  submit: {
    title: 'Einen Artikel vorschlagen',
    lead: 'Sie haben etwas gelesen, das andere sehen sollten? Nennen Sie seine Adresse bei arXiv; die Redaktion sieht jeden Vorschlag an.',
    label: 'Link oder Nummer des Artikels',
    button: 'Vorschlagen',
    notYet: 'Noch nicht:',
    problem:
      'Das ist kein Artikel bei arXiv. Nennen Sie den Link oder die Nummer, zum Beispiel arxiv.org/abs/2507.06261.',
    what: 'Gespeichert wird nur der Artikel, nicht, wer ihn vorschlug.',
  },
  submitted: {
    title: 'Vielen Dank',
    lead: 'Ihr Vorschlag liegt der Redaktion vor.',
    next: 'Wird er angenommen, so erscheint der Artikel in der Liste des Tages, und alle können für ihn stimmen. Abgelehnte Vorschläge werden nicht beantwortet.',
    another: 'Noch einen Artikel vorschlagen',
    home: 'Zu den neuesten Artikeln',
  },
}
