//! The abstract of NeurTransformer beside the twins in `models/`. Of that paper only the abstract
//! could be had.

use super::{Ground, Kind, Measured, Row, Unit, derived, inferred, row};

/// Place of the figures.
const PLACE: &str = "2510.00133";
const ABSTRACT: Ground = inferred(
    "only the abstract could be had: its model of a neuron, time steps, data, and the operations it counts are not known",
);
const LEDGER: Ground = derived(
    "4.6 pJ a multiply-accumulate, 0.9 pJ an accumulate (45 nm, 32 bits) × operations at measured rates, without memory \
     and communication, as the literature counts; one sequence of the built-in text on the emulated chip",
);
const NOT_CHIP: Ground =
    inferred("an estimate of operations on both sides: it says nothing of this chip's own energy (ledger B)");
const COSINE: Ground = derived(
    "logits of all words, one sequence of the built-in text, outputs of the chip; 2.8 % on 1,280 sequences of WikiText-2's test text",
);
const OTHER_MODEL: Ground = inferred(
    "the abstract's is of GPT-2 small, 85 M parameters in its layers, after its own fine-tuning; ours has 2.7 M",
);
const CARDS: Ground = derived(
    "cards of models/spiking-gpt and models/gpt: the whole test text of WikiText-2, by another program",
);
const OPEN: Ground = inferred(
    "the abstract says \"reduction\": whether perplexity or its quality fell is open, so the sign is",
);

pub fn rows(m: &Measured) -> Vec<Row> {
    let twins = m.twins;
    let row = |kind, id, figure| row(kind, id, PLACE, figure, Unit::Percent);
    let energy = |id, figure| {
        row(Kind::Comparable, id, figure)
            .fixed(twins.attention_reduction)
            .rests(&[LEDGER, NOT_CHIP, ABSTRACT])
    };
    let cosine = |id, figure| {
        row(Kind::NotComparable, id, figure).fixed(twins.cosine_loss).rests(&[COSINE, OTHER_MODEL, ABSTRACT])
    };
    let perplexity = row(Kind::NotComparable, "neurtransformer.perplexity", "perplexity, change")
        .paper(9.7, "\"9.7 % reduction\" of perplexity, GPT-2 small")
        .rests(&[CARDS, OPEN, OTHER_MODEL, ABSTRACT]);
    vec![
        energy("neurtransformer.energy.least", "attention, energy saved, least")
            .paper(64.71, "64.71 to 85.28 % less, estimated on digital hardware"),
        energy("neurtransformer.energy.most", "attention, energy saved, most")
            .paper(85.28, "64.71 to 85.28 % less, estimated on digital hardware"),
        cosine("neurtransformer.cosine.least", "cosine similarity, least lost")
            .paper(5.0, "5 to 12 % lost, GPT-2 small"),
        cosine("neurtransformer.cosine.most", "cosine similarity, most lost")
            .paper(12.0, "5 to 12 % lost, GPT-2 small"),
        match twins.perplexity_loss {
            Some(loss) => perplexity.fixed(loss),
            None => perplexity,
        },
    ]
}
