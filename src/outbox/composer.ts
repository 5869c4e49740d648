import nodemailer from 'nodemailer'

/** nodemailer composes and encodes; the relay pool sends, so that one place interprets every outcome. */
export const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
