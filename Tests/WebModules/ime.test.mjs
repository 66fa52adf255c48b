import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnterRule } from '../../web/js/ime.js';

const enter = (more = {}) => Object.assign({ key: 'Enter', keyCode: 13, isComposing: false, timeStamp: 10000 }, more);

test('Enter sends with a keyboard and breaks the line on a touch screen', () => {
    const rule = new EnterRule();
    assert.equal(rule.sends(enter(), false), true);
    assert.equal(rule.sends(enter(), true), false);
    assert.equal(rule.sends(enter({ shiftKey: true }), false), false);
    assert.equal(rule.sends(enter({ key: 'a' }), false), false);
});

test('Ctrl+Enter and Cmd+Enter send everywhere', () => {
    const rule = new EnterRule();
    assert.equal(rule.sends(enter({ ctrlKey: true }), true), true);
    assert.equal(rule.sends(enter({ metaKey: true }), true), true);
});

test('Enter that chooses a candidate never sends', () => {
    const rule = new EnterRule();
    assert.equal(rule.sends(enter({ isComposing: true }), false), false);
    assert.equal(rule.sends(enter({ keyCode: 229 }), false), false);
    assert.equal(rule.sends(enter({ isComposing: true, ctrlKey: true }), false), false);
    rule.compositionStarted();
    assert.equal(rule.sends(enter(), false), false);
});

test('Safari reports the Enter that ended the composition afterwards', () => {
    const rule = new EnterRule();
    rule.compositionStarted();
    rule.compositionEnded(10000);
    assert.equal(rule.sends(enter({ timeStamp: 10002 }), false), false);
    assert.equal(rule.sends(enter({ timeStamp: 10400 }), false), true);
});
