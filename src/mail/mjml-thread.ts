import { parentPort } from 'node:worker_threads'
import mjml2html from 'mjml'

// The thread of mjml.ts: compiles what it is sent.
parentPort!.on('message', async ({ id, mjml }: { id: number; mjml: string }) => {
  try {
    // No fonts: MJML would link Google's for every family it knows, such as Roboto. Their server would see who opens the email.
    const { html, errors } = await mjml2html(mjml, { validationLevel: 'soft', keepComments: true, fonts: {} })
    parentPort!.postMessage({ id, html, errors: errors.map((error) => error.formattedMessage) })
  } catch (error) {
    parentPort!.postMessage({ id, html: '', errors: [String(error)] })
  }
})
