const reportOf = (type: string, fields: string[], returnedHead: string): Buffer =>
  Buffer.from(
    [
      'From: MAILER-DAEMON@mx.example',
      'To: papers@paperboy.example',
      'Subject: A report about your message',
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
      `Content-Type: multipart/report; report-type=${type}; boundary="report"`,
      '',
      '--report',
      'Content-Type: text/plain',
      '',
      'This is a report about your message.',
      '',
      '--report',
      `Content-Type: message/${type}`,
      '',
      ...fields,
      '',
      '--report',
      'Content-Type: message/rfc822',
      '',
      returnedHead,
      '',
      'The text is left out.',
      '--report--',
      '',
    ].join('\r\n'),
  )

/** A delivery report (RFC 3464): the mailbox does not exist. */
export const bounceReport = (email: string, returnedHead: string): Buffer =>
  reportOf(
    'delivery-status',
    [
      'Reporting-MTA: dns; mx.example',
      '',
      `Final-Recipient: rfc822; ${email}`,
      'Action: failed',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp; 550 5.1.1 No such user',
    ],
    returnedHead,
  )

/** A feedback report (RFC 5965): the reader pressed "Report spam". */
export const complaintReport = (email: string, returnedHead: string): Buffer =>
  reportOf(
    'feedback-report',
    ['Feedback-Type: abuse', 'User-Agent: Simulated/1.0', 'Version: 1', `Original-Rcpt-To: ${email}`],
    returnedHead,
  )
