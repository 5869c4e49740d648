import nodemailer from 'nodemailer'

/** nodemailer composes and encodes; the relay pool hands over, so that there is one way out and one reading of its outcome. */
export const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
