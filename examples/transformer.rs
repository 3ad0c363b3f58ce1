//! Reads a text with a transformer as mathematics alone, without the chip, and with a second one
//! beside it if there are two:
//!
//! ```text
//! cargo run --release --example transformer -- TEXT TOKENS MODEL [TWIN]
//! ```
//!
//! Prints perplexity, token accuracy and rates of MODEL and, with TWIN, its perplexity, how often
//! both expect the same word most, and the cosine similarity of logits and of the residual stream
//! by layer.

use std::path::Path;
use std::process::ExitCode;

use spinntui::model::{LanguageModel, Readout};
use spinntui::net::attention::{Gpt, GptState, Rates};
use spinntui::task::lm::Corpus;

/// Model that reads the text.
struct Reader {
    model: LanguageModel,
    readout: Readout,
    state: GptState,
    row: Vec<f32>,
    rates: Rates,
    surprisal: f64,
    right: u64,
}

impl Reader {
    fn new(path: &str) -> Result<Self, String> {
        let model = LanguageModel::load(Path::new(path)).map_err(|error| error.to_string())?;
        let network = network(&model)?;
        Ok(Self {
            state: network.state(),
            row: vec![0.0; network.width],
            rates: Rates::new(network.blocks.len()),
            readout: Readout::new(&model),
            model,
            surprisal: 0.0,
            right: 0,
        })
    }

    /// Reads a token and scores the next one. Returns the logits and the word expected most.
    fn read(&mut self, token: u32, next: u32) -> Result<(Vec<f32>, u32), String> {
        let network = network(&self.model)?;
        self.model.embedding.row(token, &mut self.row);
        let output = network.step(&mut self.state, &self.row);
        let prediction = self.readout.predict(output);
        self.rates.count(self.state.trace(), self.state.position() - 1);
        self.surprisal += prediction.surprisal(next);
        let first = prediction.top(1).first().copied().unwrap_or_default();
        self.right += u64::from(first == next);
        Ok((prediction.logits().to_vec(), first))
    }

    fn print(&self, name: &str) {
        let tokens = self.rates.tokens as f64;
        let perplexity = (self.surprisal / tokens).exp();
        println!("{name}: {tokens} predictions, perplexity {perplexity:.3}");
        println!("{name}: next word right {:.4}", self.right as f64 / tokens);
        for (layer, rates) in self.rates.rates().iter().enumerate() {
            println!("{name}: layer {layer} {rates:?}");
        }
    }
}

fn network(model: &LanguageModel) -> Result<&Gpt, String> {
    model.transformer.as_deref().ok_or_else(|| format!("{}: not a transformer", model.path.display()))
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn run(arguments: &[String]) -> Result<(), String> {
    let [text, tokens, models @ ..] = arguments else {
        return Err("usage: transformer TEXT TOKENS MODEL [TWIN]".to_owned());
    };
    let most: usize = tokens.parse().map_err(|_| format!("invalid number of tokens `{tokens}`"))?;
    let mut readers = models.iter().map(|path| Reader::new(path)).collect::<Result<Vec<_>, _>>()?;
    let first = readers.first().ok_or("no model: name a folder")?;
    let bytes = std::fs::read(text).map_err(|error| format!("{text}: {error}"))?;
    let corpus = Corpus::new(bytes, &first.model.vocabulary).map_err(|error| format!("{text}: {error}"))?;
    let layers = network(&first.model)?.blocks.len();
    let (mut same, mut logits, mut stream) = (0_u64, 0.0, vec![0.0; layers + 1]);
    for pair in corpus.tokens().windows(2).take(most) {
        let read = |reader: &mut Reader| reader.read(pair[0], pair[1]);
        let found = readers.iter_mut().map(read).collect::<Result<Vec<_>, _>>()?;
        if let ([(a, first), (b, second)], [one, other]) = (&found[..], &readers[..]) {
            same += u64::from(first == second);
            logits += cosine(a, b);
            let streams = one.state.trace().stream.iter().zip(&other.state.trace().stream);
            stream.iter_mut().zip(streams).for_each(|(sum, (a, b))| *sum += cosine(a, b));
        }
    }
    for (reader, name) in readers.iter().zip(models) {
        reader.print(name);
    }
    if readers.len() == 2 {
        let tokens = readers[0].rates.tokens as f64;
        println!("both expect the same word: {:.4}", same as f64 / tokens);
        println!("cosine similarity of logits: {:.4}", logits / tokens);
        let by_layer: Vec<String> = stream.iter().map(|sum| format!("{:.4}", sum / tokens)).collect();
        println!("cosine similarity of the stream, from the embedding on: {}", by_layer.join(" "));
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
