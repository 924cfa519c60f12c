// Loads the addon, and holds what must be the same for both module systems.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

/** Every error of this package: `code` is its word, `status` its number, `offset` where. */
class JobqueueError extends Error {
  constructor(message, code, status, offset) {
    super(message);
    this.name = 'JobqueueError';
    this.code = code;
    this.status = status;
    if (offset !== undefined) this.offset = offset;
  }
}

/** A webhook is refused, or a secret is none: `reason` is the word, `hint` the likely mistake. */
class SignatureVerificationError extends JobqueueError {
  constructor(message, code, status, details = {}) {
    super(message, code, status);
    this.name = 'SignatureVerificationError';
    this.reason = code.toLowerCase();
    this.hint = details.hint ?? null;
    this.scheme = details.scheme ?? null;
    this.secretIndex = details.secretIndex ?? null;
    this.ageSeconds = details.ageSeconds ?? 0;
  }
}

function load() {
  const platform = `${process.platform}-${process.arch}`;
  const file = path.join(__dirname, 'prebuilds', platform, 'jobqueue.node');
  if (!fs.existsSync(file)) {
    throw new Error(
      `@jobqueue/jobqueue has no addon for ${platform}; build one with \`npm run build\` in ` +
        'bindings/node of its source',
    );
  }
  return require(file);
}

const addon = load();
addon.useErrorClass(JobqueueError);
module.exports = { addon, JobqueueError, SignatureVerificationError };
