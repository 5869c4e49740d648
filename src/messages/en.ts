/**
 * What readers see, in English, by page or mail. The other languages are held to this one's keys by the type check,
 * so that a new language is one file. Numbers and days arrive as they are and are put into words here.
 */
export const en = {
  lang: 'en',
  /** for Intl: how this language writes days and numbers */
  intl: 'en-GB',
  name: 'English',
  common: {
    skip: 'Skip to the content',
    papers: (n: number) => `${n.toLocaleString('en-GB')} ${n === 1 ? 'paper' : 'papers'}`,
  },
  submit: {
    title: 'Propose a paper',
    lead: 'You read something that others should see? Give its place on arXiv; the curator looks at every proposal.',
    label: 'Link or number of the paper',
    button: 'Propose',
    notYet: 'Not yet:',
    problem: 'this is no paper of arXiv. Give its link or its number, such as arxiv.org/abs/2507.06261.',
    what: 'Only the paper is kept, not who proposed it.',
  },
  submitted: {
    title: 'Thank you',
    lead: 'Your proposal is with the curator.',
    next: 'When it is taken, the paper appears on the list of that day and can be voted for like any other. Those that are not taken are not answered.',
    another: 'Propose another paper',
    home: 'To the newest papers',
  },
}

export type Messages = typeof en
