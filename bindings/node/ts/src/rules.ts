// Rule sets: what became of a job, and why.
import native from '../../native.cjs';
import type { NativeRuleset } from '../../native.cjs';

const { addon } = native;

/** One comparison that was looked at; `value` is what the fact was compared with. */
export interface TracedCondition {
  readonly fact: string;
  readonly operator: string;
  readonly fact_value: unknown;
  readonly value_fact?: string;
  readonly value: unknown;
  readonly result: 'true' | 'false' | 'unknown';
}

/** What became of a job. The words are those of every language and of the database. */
export interface Evaluation {
  /** 'complete', 'filed', 'incomplete', or what the rules say; null is undecided. */
  readonly status_category: string | null;
  readonly problem_type: string | null;
  readonly problem_details: Readonly<Record<string, unknown>> | null;
  readonly resolution_needed: string | null;
  /** The name of the rule that decided; null if the record could not be evaluated. */
  readonly rule: string | null;
  /** Of what is undecided: the facts that are missing, and when to look again. */
  readonly missing_facts?: readonly string[];
  readonly next_evaluation_at?: string | null;
  /** With `explain`: the conditions that decided, all that were looked at, and a small change. */
  readonly decided_by?: readonly TracedCondition[];
  readonly trace?: readonly {
    readonly rule: string;
    readonly result: 'true' | 'false' | 'unknown';
    readonly conditions: readonly TracedCondition[];
  }[];
  readonly would_complete?:
    readonly { readonly fact: string; readonly from: unknown; readonly to?: unknown;
      readonly to_any?: 'text'; }[] | null;
}

export interface RulesetOptions {
  /** Values for parameters of the set in place of its own: { stuck_after: 'PT2H' }. */
  parameters?: Readonly<Record<string, string | number | boolean>>;
}

export interface EvaluateOptions {
  /** The present; that of the clock if not given. */
  now?: Date;
  explain?: boolean;
}

/** One object with the columns of a job, or the text of one. */
export type JobRecord = object | string;

// Texts of this many records are short enough to be collected as cheaply as they are made.
const batchSize = 128;

function check(record: unknown): void {
  if (typeof record !== 'string' && (typeof record !== 'object' || record === null)) {
    throw new TypeError('a record is an object or a string of JSON');
  }
}

/** `value` as JSON, a BigInt as a string. */
function textOf(value: object): string {
  try {
    // Of what has a toJSON that gives nothing there is no text.
    return (JSON.stringify(value) as string | undefined) ?? 'null';
  } catch (problem) {
    if (!(problem instanceof TypeError) || !/BigInt/.test(problem.message)) throw problem;
    // A replacer costs more than all the rest, so only where there is a BigInt.
    return JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'bigint' ? String(part) : part);
  }
}

function microsOf(now: Date | undefined): number {
  const millis = now === undefined ? Date.now() : now.getTime();
  if (!Number.isFinite(millis)) throw new TypeError('now must be a valid Date');
  return millis * 1000;
}

/** A compiled rule set; immutable. */
export class Ruleset {
  readonly #inner: NativeRuleset;

  private constructor(text: string | undefined, options: RulesetOptions = {}) {
    const words = Object.entries(options.parameters ?? {}).flat().map(String);
    this.#inner = new addon.Ruleset(text, words);
  }

  /** Compiles a rule set. Throws RULESET_INVALID or UNKNOWN_FACT with the place of the mistake. */
  static fromJson(text: string, options?: RulesetOptions): Ruleset {
    if (typeof text !== 'string') throw new TypeError('fromJson takes a string');
    return new Ruleset(text, options);
  }

  /** The set that comes with the library; `standardRules()` is its text. */
  static standard(options?: RulesetOptions): Ruleset {
    return new Ruleset(undefined, options);
  }

  /** 64 hexadecimal digits that change whenever verdicts of the set may. */
  get digest(): string {
    return this.#inner.digest();
  }

  /** What became of one job. */
  evaluate(record: JobRecord, options: EvaluateOptions = {}): Evaluation {
    const { now, explain = false } = options;
    check(record);
    const text = typeof record === 'string' ? record : textOf(record);
    return JSON.parse(this.#inner.evaluate(text, microsOf(now), explain)) as Evaluation;
  }

  /** The same of many jobs, in one call; one that is malformed is an `evaluation_error`. */
  evaluateMany(records: Iterable<JobRecord>, options: EvaluateOptions = {}): Evaluation[] {
    const { now, explain = false } = options;
    const micros = microsOf(now);
    const verdicts: Evaluation[] = [];
    let batch: JobRecord[] = [];
    const finish = () => {
      for (const verdict of this.#evaluateBatch(batch, micros, explain)) verdicts.push(verdict);
      batch = [];
    };
    for (const record of records) {
      check(record);
      if (batch.push(record) === batchSize) finish();
    }
    if (batch.length !== 0) finish();
    return verdicts;
  }

  #evaluateBatch(records: JobRecord[], micros: number, explain: boolean): Evaluation[] {
    if (records.every((record) => typeof record === 'object')) {
      return JSON.parse(this.#inner.evaluateArray(textOf(records), micros, explain)) as
        Evaluation[];
    }
    // Line breaks outside of strings mean nothing, and inside there are none.
    const lines = records.map((record) =>
      (typeof record === 'string' ? record.replaceAll('\n', ' ') : textOf(record)) || '?');
    const verdicts = this.#inner.evaluateLines(lines.join('\n'), micros, explain);
    return JSON.parse(`[${verdicts.trimEnd().replaceAll('\n', ',')}]`) as Evaluation[];
  }
}

/** The text of the standard rule set. */
export function standardRules(): string {
  return addon.standardRules();
}
