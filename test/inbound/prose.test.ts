import { expect, test } from 'vitest'
import { classify } from '../../src/inbound/classify.ts'
import { readMail } from '../../src/inbound/read-mail.ts'

const R = 'reader@example.org'

/** A bounce without a status part, in the text of a mail system. */
const bounceInProse = (text: string): Buffer =>
  Buffer.from(
    `Return-Path: <>\nFrom: Mail Delivery Subsystem <postmaster@mx.example.net>\nTo: bounce+abc@news.example.org\nSubject: Undeliverable mail\nMessage-ID: <1@mx.example.net>\n\n${text}`,
  )

const FORMS: [system: string, verdict: 'hard' | 'soft', text: string][] = [
  [
    'Exchange 5.5',
    'hard',
    `Your message

  To:      papers@news.example.org
  Subject: Trending
  Sent:    Thu, 29 Apr 2010 18:14:35 +0000

did not reach the following recipient(s):

${R} on Thu, 29 Apr 2010 23:34:45 +0900
    The recipient name is not recognized
	The MTS-ID of the original message is: c=jp;a= ;p=neko;l=EXCHANGE000000
    MSEXCH:IMS:KIJITORA CAT:NYAAN:EXCHANGE 3550 (000B09B6) 550 5.1.1 ${R}... User unknown`,
  ],
  [
    'Domino',
    'hard',
    `Your message

  Subject: Trending

was not delivered to:

  ${R}

because:

  User ada.lovelace (ada.lovelace@example.org) not listed in Domino Directory`,
  ],
  [
    'Courier',
    'hard',
    `This is a delivery status notification from mx.example.net,
running the Courier mail server.

The original message was received on Thu, 29 Apr 2010 23:34:45 +0900
from nekochan (news.example.org [192.0.2.3])

UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<${R}>:
    mx.example.org [74.207.247.95]:
>>> RCPT TO:<${R}>
<<< 550 5.1.1 <${R}>... User Unknown
`,
  ],
  [
    'MailMarshal',
    'hard',
    `Your message:
   From:    papers@news.example.org
   Subject: Trending papers

Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
    ${R}

Additional Information
======================
Original Sender:    <papers@news.example.org>
Sender-MTA:         <10.11.12.13>
Remote-MTA:         <10.0.0.1>
Reporting-MTA:      <relay.xxxxxxxxxxxx.com>
MessageName:        <B549996730000.000000000001.0003.mml>`,
  ],
  [
    'InterScan',
    'hard',
    `Unable to deliver your message.
Sent >>> RCPT TO:<${R}>
Received <<< 550 5.1.1 unknown user <${R}>
Could not deliver mail to this user.
${R}
*****************     End of message     ***************`,
  ],
  [
    'IMail',
    'hard',
    `Unknown user: ${R}


Original message follows.

Received: from localhost
From: papers@news.example.org
To: ${R}
Subject: x`,
  ],
  [
    'Sun Messaging Server',
    'hard',
    `This report relates to a message you sent with the following header fields:

  Message-id: <CD8C6134-C312-41D5-B083-366F7FA1D752@me.example.com>
  Date: Fri, 21 Nov 2014 23:34:45 +0900
  From: Shironeko <papers@news.example.org>
  To: ${R}
  Subject: Nyaaaaaaaaaaaaaaaaaaaaaan

Your message cannot be delivered to the following recipients:

  Recipient address: ${R}
  Reason: Remote SMTP server has rejected address
  Diagnostic code: smtp;550 5.1.1 <${R}>... User Unknown
  Remote system: dns;mx.example.jp (TCP|17.111.174.67|47323|192.0.2.225|25) (6jo.example.jp ESMTP SENDMAIL-VM)`,
  ],
  [
    'SurfControl',
    'hard',
    `Your message could not be sent.
A transcript of the attempts to send the message follows.
The number of attempts made: 1
Addressed To: ${R}

Thu 29 Apr 2010 23:34:45 +0900
Failed to send to identified host,
${R}: [192.0.2.5], 550 kijitora@example.com... No such user

--- Message non-deliverable.`,
  ],
  [
    'sendmail 5',
    'hard',
    `   ----- Transcript of session follows -----
While talking to mx.example.org:
>>> RCPT To:<${R}>
<<< 550 5.1.1 unknown user
550 <${R}>... User Unknown

   ----- Unsent message follows -----
Received: by news.example.org
From: papers@news.example.org`,
  ],
  [
    'a webmail service',
    'hard',
    `Message from example.com.
Unable to deliver message to the following address(es).

<${R}>:
This user doesn't have a example.com account (${R}) [0]`,
  ],
  [
    'Zoho',
    'hard',
    `This message was created automatically by mail delivery software.
 A message that you sent could not be delivered to one or more of its recipients. This is a permanent error. 

${R} Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <${R}>: Recipient address rejected: User unknown

Received:from mail.zoho.com by mx.zohomail.com`,
  ],
  [
    'Zoho, unreachable',
    'soft',
    `This message was created automatically by mail delivery software.
 A message that you sent could not be delivered to one or more of its recipients. This is a permanent error. 

${R} Host unreachable, ERROR_CODE :421, ERROR_CODE :timed out`,
  ],
  [
    'a phone company',
    'soft',
    `Your mail sent on: Thu, 29 Apr 2010 11:04:47 +0900 
    Could not be delivered to: <${R}> 
    As their mailbox is full.`,
  ],
  [
    'a provider',
    'soft',
    `   ----- The following addresses had delivery problems -----
${R}

   ----- Non-delivered information -----
The number of messages in recipient's mailbox exceeded the local limit.`,
  ],
  [
    'Exim, 421',
    'soft',
    `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ${R}
    host mx.example.org [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<${R}>:
    421 4.7.0 Try again later, no such user cache`,
  ],
  [
    'Exim, at MAIL FROM',
    'soft',
    `This message was created automatically by mail delivery software.

The following address(es) failed:

  ${R}
    host mx.example.org [192.0.2.1]
    SMTP error from remote mail server after MAIL FROM:<bounce+abc@news.example.org> SIZE=2022:
    550 No such user here`,
  ],
  [
    'Exim, call-out',
    'soft',
    `The following address(es) failed:

  ${R}
    host mx.example.org [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<${R}>:
    550-Verification failed for <bounce+abc@news.example.org>
    550-Called:   192.0.2.7
    550-Sent:     RCPT TO:<bounce+abc@news.example.org>
    550-Response: 550 5.1.1 User unknown
    550 Sender verify failed`,
  ],
  [
    'Postfix, our address named',
    'soft',
    `<${R}>: host mx.example.org[192.0.2.3] said: 550 5.1.1 <bounce+abc@news.example.org>: no such user here (in reply to RCPT TO command)`,
  ],
  [
    'Exchange Online',
    'hard',
    `Delivery has failed to these recipients or groups:

Ada Lovelace (${R})<mailto:${R}>
The email address you entered couldn't be found. Please check the recipient's email address and try to resend the message. If the problem continues, please contact your email admin.

Diagnostic information for administrators:

Generating server: AM0.prod.outlook.com

${R}
Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'`,
  ],
  [
    'Gmail',
    'hard',
    `** Address not found **

Your message wasn't delivered to ${R} because the address couldn't be found, or is unable to receive mail.

The response from the remote server was:
550 5.1.1 The email account that you tried to reach does not exist.`,
  ],
  [
    'a filter',
    'hard',
    `-------server message
550 5.1.1 unknown user <${R}>
-------SMTP command
RCPT TO:<${R}>
-------original message
From: papers@news.example.org`,
  ],
  [
    'only the returned header',
    'hard',
    `Hello,
the mailbox you wrote to does not exist.

----- Original message -----
From: Paperboy <papers@news.example.org>
To: ${R}
Message-ID: <1@news>
Subject: x`,
  ],
  [
    'vpopmail',
    'hard',
    `Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<${R}>:
Sorry, no mailbox here by that name. (#5.1.1)`,
  ],
  [
    'German',
    'hard',
    `Ihre Nachricht an folgende Empfänger konnte nicht zugestellt werden:

${R}
550 Unbekannter Empfänger`,
  ],
  ['inactive account', 'hard', `<${R}>: 550 5.7.1 Inactive account`],
]

test.each(FORMS)('a bounce in the text of %s is %s and names the reader, never a sender', async (_, kind, text) => {
  const findings = classify(await readMail(bounceInProse(text)))
  expect(findings.map(({ recipient, class: found }) => [recipient, found])).toEqual([[R, kind]])
})

test('names no recipient when the bounce has only its own addresses', async () => {
  const text = 'Your message could not be delivered: mailbox unavailable.\n\nSent by bounce+abc@news.example.org'
  const [finding] = classify(await readMail(bounceInProse(text)))
  expect(finding).toMatchObject({ recipient: undefined, class: 'soft', reason: 'our sender' })
})
