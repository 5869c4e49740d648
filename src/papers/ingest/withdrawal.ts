interface Record {
  title?: string | undefined
  abstract?: string | undefined
  comment?: string | undefined
}

/**
 * Whether the record of arXiv, a preprint server or a journal states that the paper is withdrawn.
 * They have no field for it. The title, the comment or a notice in place of the abstract states it.
 */
export const saysWithdrawn = ({ title = '', abstract = '', comment = '' }: Record): boolean =>
  TITLED.test(title) || clauses(comment).some(isNotice) || clauses(abstract).slice(0, 1).some(isNotice)

/**
 * Whether the record of a withdrawn paper calls it retracted, as those of journals do. Who withdrew a paper is rarely stated: authors,
 * a journal, a server.
 */
export const saysRetracted = ({ title = '', abstract = '' }: Record): boolean =>
  /retract/i.test(TITLED.exec(title)?.[0] ?? '') ||
  clauses(abstract)
    .slice(0, 1)
    .some((clause) => /\bretract/i.test(clause) && (isNotice(clause) || RETRACTS.test(clause)))

const TITLED =
  /^\W*(?:(?:withdrawn|retracted)(?: (?:article|chapter|paper))?|retraction(?: (?:notice|note))?|withdrawal)(?:\s*[\])]|\s*:|\s+[-–—]\s)|^\W*retraction (?:notice|note) (?:to|for|of)\b|[[(](?:withdrawn|retracted)[\])]\s*$/i

const clauses = (text: string): string[] =>
  text
    .replace(/\s+/g, ' ')
    .split(/[.;!?] (?!\d)|[;\n]/)
    .map((clause) => clause.trim())
    .filter(Boolean)

const PAPER =
  '(?:papers?|article|submission|manuscript|preprint|work|note|letter|version|draft|document|entry|e-?print|arxiv paper|arxiv submission)'
const GONE = '(?:withdrawn|retracted|redacted)'
/** "The editors have retracted this article". Mathematics has retracts and retractions of its own. */
const RETRACTS = new RegExp(`\\bretract(?:ed|s|ing|ion\\s+of)?\\s+(?:this|the|our|their)\\s+${PAPER}\\b`, 'i')
/** A paper withdrawn from a conference or journal is not withdrawn from arXiv. */
const HERE = '(?!\\s+(?:from|at)\\s+(?!(?:the\\s+)?arxiv\\b|publication|public))'

const NOTICES = [
  // "This paper has been withdrawn by the authors", "the submission was removed by arXiv"
  `^(?:[\\w ]{1,30}:\\s*)?(?:this|the|our|that)?\\s*${PAPER}\\s+(?:(?:has|have|had|is|was|been|being|now|hereby|therefore|temporarily)\\s+)*(?:${GONE}${HERE}|removed\\b(?=\\s*$|\\s+(?:by|due|because)\\b))`,
  // "this has been withdrawn", "this paper has an error and is therefore withdrawn"
  `^this(?:\\s+${PAPER}\\b.{0,200}?(?:,|\\band|\\bso))?\\s+(?:it\\s+)?(?:is|was|has been|have been|will be)\\s+(?:now |hereby |therefore |thus )?${GONE}\\b${HERE}`,
  // "Withdrawn", "retracted due to an error in Theorem 1"
  `^\\W*(?:temporarily\\s+)?${GONE}\\b(?=\\W*$|\\s*[,:(—–-]|\\s+(?:by|due|because|since|as|for|until|pending|owing|per|in fav)|\\s+from\\s+(?:the\\s+)?arxiv)`,
  // "the authors have withdrawn this paper", "we retract our submission", "the author withdrew it"
  `^\\W*(?:the\\s+)?(?:authors?|authors?\\(s\\)|we|i|(?:arxiv|biorxiv|medrxiv)(?:\\s+\\w+)?)\\s+(?:(?:has|have|had|hereby|wish(?:es)?|would|like|decided|want|to|must)\\s+)*(?:withdraw|withdrew|withdrawn|retract|retracted|retracts|withdraws|withdrawing)\\b(?:\\s+(?:this|the|our|their|it)\\b(?:\\s+${PAPER}\\b${HERE})?(?!\\s+(?:claim|theorem|result|section|statement|conjecture|proof))|\\s*$|\\s+(?:due|because))`,
  // "a retraction of this paper"
  `^\\W*(?:retraction|withdrawal)(?:\\s+notice)?(?:\\s*:|\\s*$|\\s+of\\s+this\\b)`,
].map((pattern) => new RegExp(pattern, 'i'))

/** Before the notice, these words mean another paper or another time. */
const ANOTHER =
  /\b(?:supersed(?:es|ing)|replac(?:es|ing)|earlier|previous(?:ly)?|former(?:ly)?|prior|never|not|extend(?:s|ing)|other)\b/i

function isNotice(clause: string): boolean {
  const before = clause.slice(0, clause.search(/\b(?:withdr|retract|redacted|removed)/i))
  return !ANOTHER.test(before) && NOTICES.some((notice) => notice.test(clause))
}
