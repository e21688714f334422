registerProcessor('none', class extends AudioWorkletProcessor { process() { return false; } });
