import { feedbackId } from '../../mail/feedback-id.ts'
import { encodeHeaders } from '../../mail/headers.ts'
import { listId } from '../../mail/list-id.ts'
import type { Config } from '../../runtime/config/config.ts'

/** Composes the header fields that all readers of an edition share, each ended by CRLF. */
export const composeEditionHeaders = (
  settings: Pick<Config, 'PUBLIC_URL' | 'MAIL_FROM' | 'REPLY_TO' | 'newsletter'>,
  edition: { kind: 'daily' | 'weekly'; date: string },
  { boundary, locale }: { boundary: string; locale: string },
): string =>
  encodeHeaders({
    From: settings.MAIL_FROM,
    ...(settings.REPLY_TO ? { 'Reply-To': settings.REPLY_TO } : {}),
    'List-Id': listId(settings, edition.kind),
    'List-Archive': `<${settings.PUBLIC_URL}/editions>`,
    'Feedback-ID': feedbackId([edition.date, edition.kind, 'digest'], settings.newsletter.slug),
    'Auto-Submitted': 'auto-generated',
    Precedence: 'bulk',
    'Content-Language': locale,
    'MIME-Version': '1.0',
    'Content-Type': `multipart/alternative; boundary="${boundary}"`,
  })
