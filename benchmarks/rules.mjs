// The Node package against rule engines of npm, over the records of bench_rules.
//
//   rules.mjs FOLDER     the folder that `bench_rules --write_corpora=FOLDER` has filled
//
// Rows are NAME/CORPUS, the best of several rounds for one record, records a second, and the median
// of the rounds. `all_kinds` has as many records of every kind, `complete` only those that the
// first rule decides. The peers get the standard rule set, translated at start-up from its text by
// the functions below, and objects; they must give the verdicts of the package before anything is
// timed. Both decide with true and false: what is undecided must be undecided there, too, by the
// last rule of the set, and the corpus has no record of which that cannot be asked (see kind in
// rules.cpp).
//
// `cel` is the Common Expression Language by @marcbachmann/cel-js, which is JavaScript and does not
// wait for anything; `cel_lines` parses the line first. `json_rules_engine` is told to stop at the
// first rule that holds. `zen_engine` is ZEN, which is written in Rust and answers from a thread of
// its own: one record after the other, and `zen_engine_at_once` all records together, on all
// processors.
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import zen from '@gorules/zen-engine';
import { Environment } from '@marcbachmann/cel-js';
import { Engine } from 'json-rules-engine';
import { Ruleset, standardRules } from '../bindings/node/dist/esm/index.js';

function millisOf(duration) {
  const parts = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration);
  if (!parts) throw new Error(`cannot read the duration ${duration}`);
  const [weeks, days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** The steps of a path: $.a[-1].b is a, -1, b. */
function stepsOf(text) {
  return [...text.matchAll(/\.(\w+)|\[(-?\d+)\]/g)]
    .map(([, name, index]) => name ?? Number(index));
}

function walk(value, steps) {
  return steps.reduce((at, step) => {
    if (typeof step === 'number') return Array.isArray(at) ? at.at(step) : undefined;
    return at?.[step];
  }, value);
}

/** What a condition compares with; durations in ms. */
function valueOf({ operator, value }, set) {
  const plain = value?.parameter === undefined ? value : set.parameters[value.parameter];
  return operator === 'olderThan' ? millisOf(plain) : plain;
}

const timeOf = (value) => (typeof value === 'string' ? Date.parse(value) : value ?? NaN);
const isText = (value) => typeof value === 'string' && value !== '';

// What the kinds of definitions choose of the facts that they name.
const choices = {
  first: (values) => values.find((value) => value !== undefined && value !== null),
  firstText: (values) => values.find(isText),
  latest: (values) => {
    const times = values.map(timeOf).filter((time) => !Number.isNaN(time));
    return times.length === 0 ? undefined : Math.max(...times);
  },
};

/** json-rules-engine, with what makes it faster: another resolver of paths, and priorities. */
function jsonRulesEngineOf(set, now) {
  const paths = new Map();
  const pathResolver = (value, text) => {
    if (!paths.has(text)) paths.set(text, stepsOf(text));
    return walk(value, paths.get(text));
  };
  const engine = new Engine([], { allowUndefinedFacts: true, pathResolver });
  engine.addOperator('exists', (value, wanted) =>
    (value !== undefined && value !== null) === wanted);
  engine.addOperator('hasText', (value, wanted) => isText(value) === wanted);
  engine.addOperator('olderThan', (value, millis) => timeOf(value) < now - millis);

  for (const [name, definition] of Object.entries(set.definitions)) {
    const [[kind, sources]] = Object.entries(definition);
    const facts = sources.map((source) =>
      (typeof source === 'string' ? { fact: source, steps: [] } :
        { fact: source.fact, steps: stepsOf(source.path) }));
    const columns = [...new Set(facts.map(({ fact }) => fact))];
    engine.addFact(name, async (params, almanac) => {
      // Every column once, because a fact costs a promise.
      const values = await Promise.all(columns.map((column) => almanac.factValue(column)));
      return choices[kind](facts.map(({ fact, steps }) =>
        walk(values[columns.indexOf(fact)], steps)));
    });
  }

  // Conditions of one priority are all evaluated; of falling ones only until the answer is known.
  const list = (conditions) =>
    conditions.map((one, at) => ({ ...translated(one), priority: conditions.length - at }));
  const translated = (condition) => {
    const { all, any, not, condition: name } = condition;
    if (all) return { all: list(all) };
    if (any) return { any: list(any) };
    if (not) return { not: translated(not) };
    // A copy, because a condition that is named costs it a quarter more.
    if (name) return translated(set.conditions[name]);
    return { ...condition, value: valueOf(condition, set) };
  };
  set.rules.forEach(({ name, conditions, event }, at) => {
    const inner = translated(conditions);
    engine.addRule({ name, event, priority: set.rules.length - at,
      conditions: inner.fact ? { all: [inner] } : inner });
  });
  // The first rule that holds decides; the others are not looked at.
  engine.on('success', () => engine.stop());
  return async (record) => (await engine.run(record)).events[0].params;
}

/** A condition as the text of an expression in a language, of which `words` are the parts. */
function expressionOf(condition, set, words) {
  const translated = (one) => {
    const list = (parts, joint, empty) => `(${parts.map(translated).join(joint) || empty})`;
    const unless = (holds, text) => (holds ? text : words.not(text));
    if (one.all) return list(one.all, words.and, 'true');
    if (one.any) return list(one.any, words.or, 'false');
    if (one.not) return words.not(`(${translated(one.not)})`);
    if (one.condition) return `(${translated(set.conditions[one.condition])})`;
    const fact = words.fact(one);
    const value = one.value?.fact ? words.fact(one.value) : JSON.stringify(valueOf(one, set));
    switch (one.operator) {
      case 'equal': return `${fact} == ${value}`;
      case 'in': return `${fact} in ${value}`;
      case 'lessThan': return `${fact} < ${value}`;
      case 'greaterThanInclusive': return `${fact} >= ${value}`;
      case 'exists': return unless(one.value, `(${fact} != null)`);
      case 'hasText': return unless(one.value, words.hasText(fact));
      case 'olderThan': return words.olderThan(fact, value);
      default: throw new Error(`cannot translate the operator ${one.operator}`);
    }
  };
  return translated(condition);
}

/** ZEN as the text of an expression over { job, now }. */
function zenExpressionOf(condition, set) {
  const ofPath = (fact, steps) => steps.reduce((at, step) => {
    if (typeof step === 'string') return `${at}.${step}`;
    if (step >= 0) return `${at}[${step}]`;
    return `(type(${at}) == "array" and len(${at}) >= ${-step} ? ` +
      `${at}[len(${at}) - ${-step}] : null)`;
  }, `job.${fact}`);
  const hasText = (value) => `(type(${value}) == "string" and ${value} != "")`;
  const firstOf = (values, holds) =>
    `(${values.map((value) => `${holds(value)} ? ${value} : `).join('')}null)`;
  const ofSource = (source) => (typeof source === 'string' ? ofPath(source, []) :
    ofPath(source.fact, stepsOf(source.path)));
  const ofFact = ({ fact, path: text }) => {
    const definition = set.definitions[fact];
    if (!definition) return ofPath(fact, stepsOf(text ?? ''));
    const [[kind, sources]] = Object.entries(definition);
    const values = sources.map(ofSource);
    if (kind === 'first') return firstOf(values, (value) => `${value} != null`);
    if (kind === 'firstText') return firstOf(values, hasText);
    if (kind === 'latest') {
      return `(${values.map((value) => `${value} != null`).join(' or ')} ? ` +
        `max(map(filter([${values}], # != null), d(#).timestamp())) : null)`;
    }
    throw new Error(`cannot translate the definition ${fact}`);
  };
  return expressionOf(condition, set, {
    and: ' and ',
    or: ' or ',
    not: (text) => `not ${text}`,
    fact: ofFact,
    hasText,
    olderThan: (fact, millis) => `d(${fact}).timestamp() < now - ${millis}`,
  });
}

/** ZEN: a table of one column of expressions, compiled; the first row that holds decides. */
function zenOf(set, now) {
  const rules = set.rules.map(({ name, conditions, event }) => ({
    _id: name,
    when: zenExpressionOf(conditions, set),
    category: JSON.stringify(event.params.status_category),
    problem: JSON.stringify(event.params.problem_type ?? null),
  }));
  const decision = new zen.ZenEngine().createDecision(new zen.ZenDecisionContent({
    nodes: [
      { id: 'in', name: 'in', type: 'inputNode' },
      { id: 'table', name: 'table', type: 'decisionTableNode',
        content: {
          hitPolicy: 'first',
          inputs: [{ id: 'when', name: 'when' }],
          outputs: [{ id: 'category', name: 'category', field: 'status_category' },
            { id: 'problem', name: 'problem', field: 'problem_type' }],
          rules,
        } },
      { id: 'out', name: 'out', type: 'outputNode' },
    ],
    edges: [{ id: '1', type: 'edge', sourceId: 'in', targetId: 'table' },
      { id: '2', type: 'edge', sourceId: 'table', targetId: 'out' }],
  }));
  return async (record) => (await decision.evaluate({ job: record, now })).result;
}

/** CEL: one expression that says which rule is the first that holds; definitions are functions. */
function celOf(set, now) {
  const env = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
    .registerVariable('job', 'dyn')
    .registerFunction('hasText(dyn): bool', isText)
    .registerFunction('olderThan(dyn, double): bool', (value, millis) =>
      timeOf(value) < now - millis);
  for (const [name, definition] of Object.entries(set.definitions)) {
    const [[kind, sources]] = Object.entries(definition);
    const facts = sources.map((source) =>
      (typeof source === 'string' ? [source] : [source.fact, ...stepsOf(source.path)]));
    env.registerFunction(`${name}(dyn): dyn`, (job) =>
      choices[kind](facts.map((steps) => walk(job, steps))) ?? null);
  }
  const words = {
    and: ' && ',
    or: ' || ',
    not: (text) => `!${text}`,
    fact: ({ fact, path: text }) => (set.definitions[fact] ? `${fact}(job)` :
      `job.?${[fact, ...stepsOf(text ?? '')].join('.?')}.orValue(null)`),
    hasText: (fact) => `hasText(${fact})`,
    olderThan: (fact, millis) => `olderThan(${fact}, ${millis}.0)`,
  };
  const text = set.rules.reduceRight((rest, { conditions }, at) =>
    `${expressionOf(conditions, set, words)} ? "${at}" : ${rest}`, '""');
  const decide = env.parse(text);
  return (record) => set.rules[decide({ job: record })].event.params;
}

async function each(records, decide) {
  const verdicts = [];
  for (const record of records) verdicts.push(await decide(record));
  return verdicts;
}

/** The rows: functions from nothing to the verdicts of all records. */
function facesOf(records, lines, now, peers) {
  const rules = Ruleset.standard();
  return {
    own: {
      evaluate_many_objects: () => rules.evaluateMany(records, { now }),
      evaluate_many_lines: () => rules.evaluateMany(lines, { now }),
      evaluate_objects: () => records.map((record) => rules.evaluate(record, { now })),
      evaluate_lines: () => lines.map((line) => rules.evaluate(line, { now })),
    },
    peers: {
      json_rules_engine: () => each(records, peers.jsonRulesEngine),
      cel: () => records.map(peers.cel),
      cel_lines: () => lines.map((line) => peers.cel(JSON.parse(line))),
      zen_engine: () => each(records, peers.zen),
      zen_engine_at_once: () => Promise.all(records.map(peers.zen)),
    },
  };
}

/** Throws unless all faces give the same, the peers as far as they give it. */
async function checkFaces(corpus, faces) {
  const wanted = faces.own.evaluate_many_objects();
  const differs = (name, at, found) => new Error(`${corpus}: record ${at}: ` +
    `${name} says ${JSON.stringify(found)}, the package ${JSON.stringify(wanted[at])}`);
  for (const [name, call] of Object.entries(faces.own)) {
    const found = call();
    const at = wanted.findIndex((one, index) => !isDeepStrictEqual(one, found[index]));
    if (at >= 0 || found.length !== wanted.length) throw differs(name, at, found[at]);
  }
  for (const [name, call] of Object.entries(faces.peers)) {
    const found = await call();
    const at = wanted.findIndex((one, index) =>
      one.status_category !== (found[index].status_category ?? null) ||
      one.problem_type !== (found[index].problem_type ?? null));
    if (at >= 0 || found.length !== wanted.length) throw differs(name, at, found[at]);
  }
  return wanted;
}

/** Milliseconds of one call: best and median of the rounds. */
async function measure(call) {
  const begin = performance.now();
  let warm = 0;
  do {
    await call();
    warm += 1;
  } while (performance.now() - begin < 300);
  const calls = Math.max(1, Math.floor(30 * warm / (performance.now() - begin)));
  const rounds = [];
  for (let round = 0; round < 15; round += 1) {
    const start = performance.now();
    for (let i = 0; i < calls; i += 1) await call();
    rounds.push((performance.now() - start) / calls);
  }
  rounds.sort((one, other) => one - other);
  return { best: rounds[0], median: rounds[rounds.length >> 1] };
}

async function reportRows(corpus, count, faces, times) {
  for (const [name, call] of Object.entries(faces)) {
    const { best, median } = await measure(call);
    times.set(`${name}/${corpus}`, best);
    const micros = (millis) => (millis * 1000 / count).toFixed(2).padStart(9);
    console.log(`${`${name}/${corpus}`.padEnd(36)} ${micros(best)} us ` +
      `${(count / best * 1000).toFixed(0).padStart(9)} records/s   median ${micros(median)} us`);
  }
}

const folder = process.argv[2];
if (process.argv.length !== 3) {
  console.error('usage: rules.mjs FOLDER, which bench_rules --write_corpora=FOLDER has filled');
  process.exit(2);
}
const now = new Date(fs.readFileSync(path.join(folder, 'rules.now'), 'utf8').trim());
const allLines = fs.readFileSync(path.join(folder, 'rules.ndjson'), 'utf8').trimEnd().split('\n');
const set = JSON.parse(standardRules());
const peers = {
  jsonRulesEngine: jsonRulesEngineOf(set, now.getTime()),
  cel: celOf(set, now.getTime()),
  zen: zenOf(set, now.getTime()),
};
const times = new Map(); // NAME/CORPUS -> milliseconds
const peakMib = () => (process.resourceUsage().maxRSS / 1024).toFixed(0);
const peaks = [peakMib()];
let lines = allLines;
for (const corpus of ['all_kinds', 'complete']) {
  const faces = facesOf(lines.map((line) => JSON.parse(line)), lines, now, peers);
  faces.own.evaluate_many_objects();
  peaks.push(peakMib());
  const verdicts = await checkFaces(corpus, faces);
  if (corpus === 'all_kinds') {
    const missing = set.rules.find(({ name }) => !verdicts.some(({ rule }) => rule === name));
    if (missing) throw new Error(`no record is ${missing.name}`);
  }
  console.log(`${lines.length} records, ${corpus}: the verdicts are equal`);
  await reportRows(corpus, lines.length, { ...faces.own, ...faces.peers }, times);
  lines = lines.filter((line, at) => verdicts[at].status_category === 'complete');
}
console.log();
for (const [corpus, goal] of [['all_kinds', ' (goal: at least 20)'], ['complete', '']]) {
  for (const peer of ['json_rules_engine', 'cel', 'zen_engine', 'zen_engine_at_once']) {
    const ratio = times.get(`${peer}/${corpus}`) / times.get(`evaluate_many_objects/${corpus}`);
    console.log(`${`evaluate_many_objects against ${peer}, ${corpus}`.padEnd(64)} ` +
      `${ratio.toFixed(1).padStart(7)} x${peer === 'json_rules_engine' ? goal : ''}`);
  }
}
console.log(`peak resident, MiB: ${peaks[0]} at the start, ${peaks[1]} after one evaluateMany of ` +
  `${allLines.length} objects, ${peakMib()} after all`);
