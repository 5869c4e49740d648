/** Files and folders written in plain words. The list only grows: add a path once `npm run lint` finds nothing in it. */
export const CLEAN: readonly string[] = ['src/messages', 'templates']
