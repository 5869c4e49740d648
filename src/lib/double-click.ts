/** Within this many seconds, the same form again is a second click on its button. */
export const DOUBLE_CLICK_SECONDS = 10
