// Without Zone.js, which is the default.

export const providers = [];
