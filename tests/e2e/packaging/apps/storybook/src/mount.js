let passOn;

/** The handle that the story shows. */
export const bucket = new Promise((resolve) => {
  passOn = resolve;
});

export const mount = (_element, given) => passOn(given);
