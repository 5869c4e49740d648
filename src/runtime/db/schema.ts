/** The tables, as drizzle types. migrations/ creates them; a test compares both, so they cannot drift apart. */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  date,
  doublePrecision,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
const id = () => bigint({ mode: 'number' }).generatedAlwaysAsIdentity().primaryKey()
const ref = (name: string) => bigint(name, { mode: 'number' }).notNull()
const moment = (name: string) => timestamp(name, { withTimezone: true })

export const pickVerdict = pgEnum('pick_verdict', ['picked', 'dropped'])
export const submissionState = pgEnum('submission_state', ['asked', 'found', 'unknown', 'accepted', 'declined'])
export const subscriberStatus = pgEnum('subscriber_status', [
  'pending',
  'active',
  'unsubscribed',
  'bounced',
  'complained',
  'erased',
])
export const mailFormat = pgEnum('mail_format', ['html', 'text'])
export const cadence = pgEnum('cadence', ['daily', 'weekdays', 'weekly'])
export const suppressionReason = pgEnum('suppression_reason', ['hard bounce', 'complaint', 'erasure', 'manual'])
export const editionKind = pgEnum('edition_kind', ['daily', 'weekly'])
export const editionState = pgEnum('edition_state', ['draft', 'released', 'sending', 'paused', 'sent', 'cancelled'])
/** In the order of an edition. */
export const paperSection = pgEnum('paper_section', ['picks', 'top', 'new', 'rising'])
export type EditionSection = (typeof paperSection.enumValues)[number]
export const paperMark = pgEnum('paper_mark', ['saved', 'not interested'])
export const batchState = pgEnum('batch_state', ['open', 'leased', 'done'])
export const deliveryState = pgEnum('delivery_state', [
  'queued',
  'handed',
  'accepted',
  'deferred',
  'refused',
  'unknown',
  'skipped',
  'expired',
  'erased',
])
export const serviceMail = pgEnum('service_mail', [
  'confirm',
  'welcome',
  'already',
  'remind',
  'manage',
  'change',
  'sign-in',
  'alert',
  'moved',
])

export const papers = pgTable(
  'papers',
  {
    id: id(),
    source: text('source').notNull(),
    sourceId: text('source_id').notNull(),
    title: text('title').notNull(),
    abstract: text('abstract').notNull(),
    summary: text('summary'),
    summaryByAi: boolean('summary_by_ai').notNull().default(false),
    authors: text('authors').array().notNull().default([]),
    organization: text('organization'),
    submitter: text('submitter'),
    keywords: text('keywords').array().notNull().default([]),
    categories: text('categories').array().notNull().default([]),
    topics: text('topics').array().notNull().default([]),
    topicRules: smallint('topic_rules').notNull().default(0),
    publishedAt: moment('published_at'),
    listDay: date('list_day').notNull(),
    listedAt: moment('listed_at'),
    listPosition: integer('list_position').notNull(),
    url: text('url'),
    pdfUrl: text('pdf_url'),
    codeUrl: text('code_url'),
    projectUrl: text('project_url'),
    sample: boolean('sample').notNull().default(false),
    announced: boolean('announced').notNull().default(false),
    version: smallint('version'),
    withdrawnAt: moment('withdrawn_at'),
    weight: real('weight').notNull().default(1),
    raw: jsonb('raw').notNull(),
    shownTitle: text('shown_title'),
    shownAbstract: text('shown_abstract'),
    shownAuthors: text('shown_authors').array(),
    shownSummary: text('shown_summary'),
    shownOrganization: text('shown_organization'),
    shownKeywords: text('shown_keywords').array(),
    search: tsvector('search').generatedAlwaysAs(sql`of all texts that pages show: see the migration`),
    createdAt: moment('created_at').notNull().defaultNow(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (t) => [unique('one_paper_per_source_id').on(t.source, t.sourceId)],
)

export const thumbnails = pgTable('thumbnails', {
  paperId: ref('paper_id').primaryKey(),
  sourceUrl: text('source_url').notNull(),
  attempts: smallint('attempts').notNull().default(0),
  dueAt: moment('due_at'),
  failure: text('failure'),
  hash: text('hash'),
  width: smallint('width'),
  height: smallint('height'),
  small: bytea('small'),
  large: bytea('large'),
})

export const topicSpellings = pgTable(
  'topic_spellings',
  { slug: text('slug').notNull(), spelling: text('spelling').notNull(), papers: integer('papers').notNull() },
  (table) => [primaryKey({ name: 'one_count_per_spelling', columns: [table.slug, table.spelling] })],
)

export const signals = pgTable(
  'signals',
  {
    paperId: ref('paper_id'),
    observedAt: moment('observed_at').notNull(),
    votes: integer('votes').notNull(),
    comments: integer('comments').notNull().default(0),
    stars: integer('stars'),
    origin: text('origin').notNull(),
  },
  (t) => [primaryKey({ name: 'one_signal_per_moment', columns: [t.paperId, t.observedAt] })],
)

export const votes = pgTable(
  'votes',
  {
    subscriberId: ref('subscriber_id'),
    paperId: ref('paper_id'),
    castAt: moment('cast_at').notNull(),
    network: bytea('network').notNull(),
  },
  (t) => [primaryKey({ name: 'one_vote_per_reader', columns: [t.subscriberId, t.paperId] })],
)

export const paperSubmitters = pgTable(
  'paper_submitters',
  { source: text('source').notNull(), sourceId: text('source_id').notNull(), subscriberId: ref('subscriber_id') },
  (t) => [primaryKey({ name: 'one_submitter_per_paper', columns: [t.source, t.sourceId, t.subscriberId] })],
)

export const sourceReads = pgTable(
  'source_reads',
  {
    source: text('source').notNull(),
    listDay: date('list_day').notNull(),
    readAt: moment('read_at').notNull(),
    etag: text('etag'),
    lastModified: text('last_modified'),
    papers: integer('papers').notNull(),
  },
  (t) => [primaryKey({ name: 'one_read_per_source_day', columns: [t.source, t.listDay] })],
)

export const polls = pgTable(
  'polls',
  { source: text('source').notNull(), listDay: date('list_day').notNull(), readAt: moment('read_at').notNull() },
  (t) => [primaryKey({ name: 'one_poll_per_moment', columns: [t.listDay, t.source, t.readAt] })],
)

export const listFacts = pgTable('list_facts', {
  paperId: ref('paper_id').primaryKey(),
  facts: jsonb('facts').notNull(),
})

export const chanceFits = pgTable('chance_fits', {
  fittedAt: moment('fitted_at').primaryKey(),
  papers: integer('papers').notNull(),
  model: jsonb('model').notNull(),
})

export const terms = pgTable('terms', {
  id: integer('id').generatedAlwaysAsIdentity().primaryKey(),
  term: text('term').notNull().unique('one_row_per_term'),
  papers: integer('papers').notNull().default(0),
  stem: text('stem').notNull().generatedAlwaysAs(sql`of the term: see the migration`),
})

export const paperVectors = pgTable('paper_vectors', {
  paperId: ref('paper_id').primaryKey(),
  terms: integer('terms').array().notNull(),
  weights: real('weights').array().notNull(),
  corpus: integer('corpus').notNull(),
  madeAt: moment('made_at').notNull(),
})

export const paperTerms = pgTable(
  'paper_terms',
  {
    termId: integer('term_id').notNull(),
    paperId: ref('paper_id'),
    weight: real('weight').notNull(),
    match: real('match').notNull(),
  },
  (t) => [primaryKey({ name: 'one_weight_per_paper_and_term', columns: [t.termId, t.paperId] })],
)
export const sourceHealth = pgTable('source_health', {
  source: text('source').primaryKey(),
  readAt: moment('read_at'),
  changedAt: moment('changed_at'),
  stillOn: date('still_on'),
  failingSince: moment('failing_since'),
  failure: text('failure'),
})

export const sourcePace = pgTable('source_pace', {
  source: text('source').primaryKey(),
  nextAt: moment('next_at').notNull(),
})

export const submissions = pgTable('submissions', {
  id: id(),
  arxivId: text('arxiv_id').notNull().unique('one_submission_per_paper'),
  state: submissionState('state').notNull().default('asked'),
  times: integer('times').notNull().default(1),
  found: jsonb('found'),
  curator: text('curator'),
  note: text('note'),
  submittedAt: moment('submitted_at').notNull().defaultNow(),
  decidedAt: moment('decided_at'),
})

export const clicks = pgTable(
  'clicks',
  {
    paperId: ref('paper_id'),
    link: text('link').notNull(),
    day: date('day').notNull(),
    people: integer('people').notNull().default(0),
    scanners: integer('scanners').notNull().default(0),
  },
  (t) => [primaryKey({ name: 'one_sum_per_link_and_day', columns: [t.paperId, t.link, t.day] })],
)

export const picks = pgTable(
  'picks',
  {
    paperId: ref('paper_id'),
    listDay: date('list_day').notNull(),
    verdict: pickVerdict('verdict'),
    note: text('note'),
    curator: text('curator'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'one_pick_per_paper_and_day', columns: [t.listDay, t.paperId] })],
)

/** What a sign-up asks of a known reader who is not active, until they confirm. */
export interface Asked {
  zone?: string
  locale?: string
  /** wishes to add */
  topics?: string[]
  authors?: string[]
  organisations?: string[]
}

export const subscribers = pgTable('subscribers', {
  id: id(),
  email: text('email'),
  emailKey: text('email_key').unique('one_subscriber_per_mailbox'),
  addressHash: bytea('address_hash'),
  status: subscriberStatus('status').notNull().default('pending'),
  zone: text('zone').notNull().default('UTC'),
  hour: smallint('hour').notNull().default(8),
  cadence: cadence('cadence').notNull().default('daily'),
  size: smallint('size').notNull().default(10),
  nextDigestAt: moment('next_digest_at'),
  pausedUntil: moment('paused_until'),
  confirmNonce: bytea('confirm_nonce'),
  asked: jsonb('asked').$type<Asked>(),
  requestedAt: moment('requested_at'),
  confirmedAt: moment('confirmed_at'),
  firstConfirmedAt: moment('first_confirmed_at'),
  remindedAt: moment('reminded_at'),
  leftAt: moment('left_at'),
  consentForm: text('consent_form'),
  consentOrigin: bytea('consent_origin'),
  importedBy: text('imported_by'),
  importedAt: moment('imported_at'),
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
  locale: text('locale').notNull().default('en'),
  topics: text('topics').array().notNull().default([]),
  keywords: text('keywords').array().notNull().default([]),
  likeVoted: boolean('like_voted').notNull().default(false),
  format: mailFormat('format').notNull().default('html'),
  weekday: smallint('weekday').notNull().default(1),
  previous: jsonb('previous'),
  missedAt: moment('missed_at'),
  share: text('share', { enum: ['some', 'mostly', 'only'] })
    .notNull()
    .default('some'),
  authors: text('authors').array().notNull().default([]),
  organisations: text('organisations').array().notNull().default([]),
  likePapers: text('like_papers').array().notNull().default([]),
  learnSince: moment('learn_since'),
  sourceLinks: boolean('source_links').notNull().default(false),
  abstracts: boolean('abstracts').notNull().default(false),
})

export const marks = pgTable(
  'marks',
  {
    subscriberId: ref('subscriber_id'),
    paperId: ref('paper_id'),
    kind: paperMark('kind').notNull(),
    markedAt: moment('marked_at').notNull(),
  },
  (t) => [primaryKey({ name: 'one_mark_per_kind', columns: [t.subscriberId, t.paperId, t.kind] })],
)

export const tastes = pgTable('tastes', {
  subscriberId: bigint('subscriber_id', { mode: 'number' }).primaryKey(),
  terms: integer('terms').array().notNull(),
  weights: real('weights').array().notNull(),
  authors: text('authors').array().notNull().default([]),
  votes: smallint('votes').notNull(),
  saved: smallint('saved').notNull(),
  notInterested: smallint('not_interested').notNull(),
  learnedAt: moment('learned_at').notNull(),
})

export const suppressions = pgTable('suppressions', {
  addressHash: bytea('address_hash').primaryKey(),
  reason: suppressionReason('reason').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
})

/** A paid block of an edition. */
export interface Sponsor {
  name: string
  /** plain text */
  text: string
  url: string
}

export const editions = pgTable(
  'editions',
  {
    id: id(),
    kind: editionKind('kind').notNull().default('daily'),
    date: date('date').notNull(),
    state: editionState('state').notNull().default('draft'),
    held: boolean('held').notNull().default(false),
    heldWhy: text('held_why'),
    byHand: boolean('by_hand').notNull().default(false),
    closesAt: moment('closes_at').notNull(),
    releaseAt: moment('release_at').notNull(),
    assembledAt: moment('assembled_at').notNull(),
    listReadAt: moment('list_read_at'),
    releasedAt: moment('released_at'),
    sendAllAt: moment('send_all_at'),
    toEveryone: boolean('to_everyone').notNull().default(false),
    plannedAt: moment('planned_at'),
    sentAt: moment('sent_at'),
    answered: integer('answered').notNull().default(0),
    refused: integer('refused').notNull().default(0),
    pausedWhy: text('paused_why'),
    messageKey: bytea('message_key').notNull(),
    subject: text('subject'),
    preheader: text('preheader'),
    editorNote: text('editor_note'),
    ownSubject: text('own_subject'),
    sponsor: jsonb('sponsor').$type<Sponsor>(),
    scheduledAt: moment('scheduled_at'),
  },
  (t) => [unique('one_edition_per_date').on(t.kind, t.date)],
)

export const editionPapers = pgTable(
  'edition_papers',
  {
    editionId: ref('edition_id'),
    paperId: ref('paper_id'),
    position: integer('position').notNull(),
    section: paperSection('section').notNull(),
    score: doublePrecision('score').notNull(),
    title: text('title'),
    withdrawn: boolean('withdrawn').notNull().default(false),
    reason: text('reason').notNull(),
    note: text('note'),
    votes: integer('votes'),
    comments: integer('comments'),
    stars: integer('stars'),
    curator: text('curator'),
    ageHours: doublePrecision('age_hours'),
    earlierVotes: integer('earlier_votes'),
    earlierAt: moment('earlier_at'),
    facts: jsonb('facts').notNull().default({}),
  },
  (t) => [
    primaryKey({ name: 'one_place_per_paper', columns: [t.editionId, t.paperId] }),
    unique('one_paper_per_place').on(t.editionId, t.position),
  ],
)

export const corrections = pgTable(
  'corrections',
  {
    editionId: ref('edition_id'),
    paperId: ref('paper_id'),
    kind: text('kind', { enum: ['retitled', 'withdrawn'] }).notNull(),
    newTitle: text('new_title'),
  },
  (t) => [primaryKey({ name: 'one_correction_per_paper_and_edition', columns: [t.editionId, t.paperId, t.kind] })],
)

export const editionPins = pgTable(
  'edition_pins',
  { editionId: ref('edition_id'), paperId: ref('paper_id'), place: smallint('place').notNull() },
  (t) => [
    primaryKey({ name: 'one_pin_per_paper', columns: [t.editionId, t.paperId] }),
    unique('one_pin_per_place').on(t.editionId, t.place),
  ],
)

export const editionNotices = pgTable('edition_notices', {
  id: id(),
  editionId: ref('edition_id'),
  writtenAt: moment('written_at').notNull(),
  words: text('words').notNull(),
  reportedBy: bigint('reported_by', { mode: 'number' }),
})

export const editionParts = pgTable(
  'edition_parts',
  { editionId: ref('edition_id'), locale: text('locale').notNull(), parts: jsonb('parts').notNull() },
  (t) => [primaryKey({ name: 'one_composition_per_locale', columns: [t.editionId, t.locale] })],
)

export const batches = pgTable('batches', {
  id: id(),
  editionId: ref('edition_id'),
  state: batchState('state').notNull().default('open'),
  dueAt: moment('due_at').notNull(),
  lease: uuid('lease'),
  leaseUntil: moment('lease_until'),
  booked: text('booked'),
  attempts: integer('attempts').notNull().default(0),
  createdAt: moment('created_at').notNull().defaultNow(),
})

export const deliveries = pgTable(
  'deliveries',
  {
    editionId: ref('edition_id'),
    subscriberId: ref('subscriber_id'),
    batchId: ref('batch_id'),
    state: deliveryState('state').notNull().default('queued'),
    expiresAt: moment('expires_at').notNull(),
    attempts: smallint('hand_overs').notNull().default(0),
    crashes: smallint('crashes').notNull().default(0),
    cuts: smallint('cuts').notNull().default(0),
    shown: bytea('shown'),
    own: smallint('own').notNull().default(0),
    reply: text('reply'),
    relay: text('relay'),
    handedAt: moment('handed_at'),
    settledAt: moment('settled_at'),
  },
  (t) => [primaryKey({ name: 'one_delivery_per_reader', columns: [t.editionId, t.subscriberId] })],
)

export const buckets = pgTable('buckets', {
  name: text('name').primaryKey(),
  rate: doublePrecision('rate').notNull(),
  ceiling: doublePrecision('ceiling'),
  paidUntil: moment('paid_until').notNull().defaultNow(),
  slowedAt: moment('slowed_at'),
  raisedAt: moment('raised_at').notNull().defaultNow(),
  day: date('day'),
  spent: integer('spent').notNull().default(0),
  askedRate: doublePrecision('asked_rate'),
  why: text('why'),
})

export const relayRests = pgTable('relay_rests', {
  relay: text('relay').primaryKey(),
  since: moment('since').notNull(),
  until: moment('until').notNull(),
  reply: text('reply').notNull(),
})

export const mailing = pgTable('mailing', {
  one: boolean('one').primaryKey().default(true),
  installation: uuid('installation'),
  tick: bigint('tick', { mode: 'number' }).notNull().default(0),
  tickedAt: moment('ticked_at'),
  cluster: text('cluster'),
  haltedAt: moment('halted_at'),
  haltedWhy: text('halted_why'),
  restoredAt: moment('restored_at'),
  keyMark: text('key_mark'),
  untrustedProxy: text('untrusted_proxy'),
  untrustedProxyAt: moment('untrusted_proxy_at'),
})

export const outbox = pgTable('outbox', {
  id: id(),
  kind: serviceMail('kind').notNull(),
  subscriberId: bigint('subscriber_id', { mode: 'number' }),
  adminSessionId: bigint('admin_session_id', { mode: 'number' }),
  person: bytea('person'),
  state: deliveryState('state').notNull().default('queued'),
  dueAt: moment('due_at').notNull().defaultNow(),
  leaseUntil: moment('lease_until'),
  attempts: smallint('hand_overs').notNull().default(0),
  crashes: smallint('crashes').notNull().default(0),
  cuts: smallint('cuts').notNull().default(0),
  messageKey: bytea('message_key').notNull(),
  reply: text('reply'),
  createdAt: moment('created_at').notNull().defaultNow(),
  settledAt: moment('settled_at'),
})

export const alertMails = pgTable('alert_mails', {
  outboxId: bigint('outbox_id', { mode: 'number' }).primaryKey(),
  address: text('address').notNull(),
  problems: jsonb('problems').notNull(),
})

export const movedAddresses = pgTable('moved_addresses', {
  outboxId: bigint('outbox_id', { mode: 'number' }).primaryKey(),
  email: text('email').notNull(),
  addressHash: bytea('address_hash').notNull(),
})

export const unsubscribeReasons = pgTable(
  'unsubscribe_reasons',
  { day: date('day').notNull(), reason: text('reason').notNull(), count: integer('count').notNull() },
  (t) => [primaryKey({ name: 'one_count_per_reason_and_day', columns: [t.day, t.reason] })],
)

export const attention = pgTable(
  'attention',
  {
    what: text('what').notNull(),
    about: text('about').notNull(),
    since: moment('since').notNull(),
    seenAt: moment('seen_at').notNull(),
    mailedAt: moment('mailed_at'),
  },
  (t) => [primaryKey({ name: 'one_row_per_problem', columns: [t.what, t.about] })],
)

export const inboundEvents = pgTable('inbound_events', {
  id: id(),
  receivedAt: moment('received_at').notNull(),
  source: text('source').notNull(),
  fingerprint: bytea('fingerprint').notNull().unique('one_event_per_report'),
  class: text('class').notNull(),
  reason: text('reason').notNull(),
  authority: text('authority'),
  subscriberId: bigint('subscriber_id', { mode: 'number' }),
  editionId: bigint('edition_id', { mode: 'number' }),
  action: text('did').notNull(),
  status: text('status'),
  reply: smallint('reply'),
  evidence: text('evidence').notNull(),
  mentions: bytea('mentions').array().notNull().default([]),
  raw: bytea('raw'),
})

export const signUpCounts = pgTable(
  'sign_up_counts',
  {
    scope: text('scope').notNull(),
    key: text('key').notNull(),
    since: moment('since').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [primaryKey({ name: 'one_count_per_window', columns: [t.scope, t.key, t.since] })],
)

export const addressChanges = pgTable('address_changes', {
  subscriberId: bigint('subscriber_id', { mode: 'number' }).primaryKey(),
  email: text('email').notNull(),
  emailKey: text('email_key').notNull(),
  addressHash: bytea('address_hash').notNull(),
  nonce: bytea('nonce').notNull(),
  requestedAt: moment('requested_at').notNull(),
})

export const adminSessions = pgTable('admin_sessions', {
  id: id(),
  address: text('address').notNull(),
  askedAt: moment('asked_at').notNull(),
  begunAt: moment('begun_at'),
  endedAt: moment('ended_at'),
})

export const auditLog = pgTable('audit_log', {
  id: id(),
  at: moment('at').notNull(),
  actor: text('who').notNull(),
  action: text('what').notNull(),
  target: text('about').notNull(),
})

export const apiKeys = pgTable('api_keys', {
  id: id(),
  name: text('name').notNull(),
  secretHash: bytea('secret_hash').notNull().unique('one_key_per_secret'),
  hint: text('hint').notNull(),
  scopes: text('scopes').array().notNull(),
  perMinute: integer('per_minute').notNull(),
  createdAt: moment('created_at').notNull(),
  createdBy: text('created_by').notNull(),
  expiresAt: moment('expires_at'),
  lastUsedOn: date('last_used_on'),
  revokedAt: moment('revoked_at'),
  madeBy: bigint('made_by', { mode: 'number' }),
})

export const idempotentRequests = pgTable(
  'idempotent_requests',
  {
    apiKeyId: ref('api_key_id'),
    key: text('key').notNull(),
    requestHash: bytea('request_hash').notNull(),
    startedAt: moment('started_at').notNull(),
    status: smallint('status'),
    body: text('body'),
  },
  (t) => [primaryKey({ name: 'one_request_per_key', columns: [t.apiKeyId, t.key] })],
)

export const webhookEndpoints = pgTable('webhook_endpoints', {
  id: id(),
  url: text('url').notNull(),
  secret: text('secret').notNull(),
  previousSecret: text('previous_secret'),
  previousUntil: moment('previous_until'),
  events: text('events').array().notNull(),
  includeAddresses: boolean('include_addresses').notNull().default(false),
  createdAt: moment('created_at').notNull(),
  disabledAt: moment('disabled_at'),
  disabledWhy: text('disabled_why'),
})

export const webhookMessages = pgTable('webhook_messages', {
  id: id(),
  endpointId: ref('endpoint_id'),
  event: text('event').notNull(),
  occurredAt: moment('occurred_at').notNull(),
  subscriberId: bigint('subscriber_id', { mode: 'number' }),
  data: jsonb('data').notNull(),
  state: text('state', { enum: ['waiting', 'sent', 'failed'] })
    .notNull()
    .default('waiting'),
  attempts: integer('attempts').notNull().default(0),
  dueAt: moment('due_at').notNull().default(new Date(0)),
  attemptedAt: moment('attempted_at'),
  status: smallint('status'),
  failure: text('failure'),
})

export const readerDays = pgTable(
  'reader_days',
  { day: date('day').notNull(), event: text('event').notNull(), readers: integer('readers').notNull() },
  (t) => [primaryKey({ name: 'one_count_per_event_and_day', columns: [t.day, t.event] })],
)

export const sums = pgTable('sums', {
  name: text('name').primaryKey(),
  countedAt: moment('counted_at').notNull(),
  body: jsonb('body').notNull(),
})

export const editionDomains = pgTable(
  'edition_domains',
  {
    editionId: ref('edition_id'),
    domain: text('domain').notNull(),
    state: deliveryState('state').notNull(),
    deliveries: integer('deliveries').notNull(),
  },
  (t) => [primaryKey({ name: 'one_count_per_domain_and_state', columns: [t.editionId, t.domain, t.state] })],
)

export const readerImports = pgTable('reader_imports', {
  id: id(),
  uploadedAt: moment('uploaded_at').notNull(),
  uploadedBy: text('uploaded_by').notNull(),
  fileName: text('file_name').notNull(),
  bytes: integer('bytes').notNull(),
  file: bytea('file'),
  state: text('state').notNull(),
  options: jsonb('options').notNull().default({}),
  result: jsonb('result'),
  linesRead: integer('lines_read').notNull().default(0),
  leaseUntil: moment('lease_until'),
})
