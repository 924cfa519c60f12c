// One payload: a preview that keeps its structure within a budget, or the bytes themselves, one
// piece at a time. Whatever its size, the page has at most a piece of it.
import { get, query } from './api';
import { button, h, replace } from './dom';
import { bytes, count, indent } from './format';
import { code, showProblem } from './parts';

const previewBytes = 8000;
const pieceBytes = 65536;

interface Preview {
  bytes: number;
  media_type: string;
  is_truncated: boolean;
  preview: string | null;
}
interface Piece {
  bytes: number;
  offset: number;
  size: number;
  text?: string;
  base64?: string;
}

export function payloadViewer(jobId: string, ref: string, close: () => void): HTMLElement {
  const path = `/api/jobs/${encodeURIComponent(jobId)}/payload`;
  const body = h('div', 'body');
  const head = h('div', 'head');
  const text = (content: string, label: string): HTMLElement =>
    h('pre', { attributes: { tabindex: 0, 'aria-label': label } }, content);

  // Only the answer to the last question is shown.
  let questions = 0;

  const showPreview = async (): Promise<void> => {
    const question = ++questions;
    try {
      const found = await get<Preview>(query(path, { ref, max_bytes: previewBytes }));
      if (question !== questions) return;
      const isJson = found.media_type.endsWith('json');
      replace(
        head,
        h(
          'span',
          null,
          bytes(found.bytes),
          ', ',
          found.media_type,
          found.is_truncated && ', shortened',
        ),
        found.is_truncated && button('Raw bytes', () => void showPiece(0)),
      );
      replace(
        body,
        found.preview === null
          ? h('p', 'none', 'This is no text: look at the raw bytes.')
          : text(isJson ? indent(found.preview) : found.preview, 'Preview'),
      );
    } catch (problem) {
      showProblem(body, problem, () => void showPreview());
    }
  };

  const showPiece = async (offset: number): Promise<void> => {
    const question = ++questions;
    try {
      const piece = await get<Piece>(query(path, { ref, offset, size: pieceBytes }));
      if (question !== questions) return;
      const end = piece.offset + piece.size;
      const start = h('input', {
        attributes: {
          type: 'number',
          min: 0,
          max: piece.bytes,
          value: piece.offset,
          'aria-label': 'First byte',
        },
        on: {
          change: (event) =>
            void showPiece(Math.max(0, Number((event.target as HTMLInputElement).value) || 0)),
        },
      });
      const earlier = button(
        'Earlier',
        () => void showPiece(Math.max(0, piece.offset - pieceBytes)),
      );
      earlier.disabled = piece.offset === 0;
      const later = button('Later', () => void showPiece(end));
      later.disabled = end >= piece.bytes || piece.size === 0;
      replace(
        head,
        h('span', 'pieces', 'bytes ', start, ` to ${count(end)} of ${count(piece.bytes)}`),
        earlier,
        later,
        button('Preview', () => void showPreview()),
      );
      replace(
        body,
        piece.base64 !== undefined && h('p', 'quiet', 'No text; as base64:'),
        text(piece.text ?? piece.base64 ?? '', 'Raw bytes'),
      );
    } catch (problem) {
      showProblem(body, problem, () => void showPiece(offset));
    }
  };

  void showPreview();
  return h(
    'div',
    { class: 'payload', attributes: { role: 'region', 'aria-label': `Payload ${ref}` } },
    h('div', 'name', code(ref), button('Close', close)),
    head,
    body,
  );
}
