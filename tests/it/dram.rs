//! DRAM: its address map, what a DMA reads from it, and rows that it has no room for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;

use crate::common::{load, session};
use spinntui::chip::geometry::{ChipId, Pe};
use spinntui::machine::dma;
use spinntui::machine::options::{Assume, ChipOptions};
use spinntui::machine::program::DramRows;
use spinntui::machine::state::Status;
use spinntui::mapping::check::is_misfit;
use spinntui::mapping::options::{LayerMapping, MappingOptions};
use spinntui::mapping::{MapError, Request, map};
use spinntui::net::csr::from_dense;
use spinntui::net::{Compare, Egru, EgruLayer, Output, Tanh};
use spinntui::report::check::CheckReport;
use spinntui::session::StepOutcome;
use spinntui::session::build::{ModelCache, Plan};
use spinntui::session::inspect::{Part, PartView, PeLocation, Request as Look, inspect};

/// Rows of four singles, of which there are only numbers.
#[derive(Debug)]
struct Vast(u64);

impl DramRows for Vast {
    fn name(&self) -> &'static str {
        "inputs"
    }
    fn rows(&self) -> u64 {
        self.0
    }
    fn width(&self) -> usize {
        4
    }
    fn read(&self, _: u32, out: &mut [f32]) {
        out.fill(1.0);
    }
}

/// Rows of 16 bytes that fit behind a port: 1 GiB less 1 KiB and a row of zeros.
const FIT: u64 = (0x4000_0000 - 1024) / 16 - 1;

const REFUSED: &str = "the DRAM cannot hold the inputs: 67,108,800 rows of 16 bytes need 1,073,740,816 bytes behind \
                       each of its 2 ports, and 1,073,740,800 are available; 67,108,799 rows fit";

#[test]
fn rows_without_room_are_refused_with_bytes_and_what_would_fit() {
    let network = Egru {
        layers: vec![EgruLayer {
            name: "a".to_owned(),
            input_weights: from_dense(4, 6, &[0.5; 24]).unwrap(),
            recurrent: from_dense(2, 6, &[0.5; 12]).unwrap(),
            bias: vec![0.0; 6],
            recurrent_bias: vec![0.0; 6],
            threshold: vec![0.1; 2],
            output: Output::Y,
            compare: Compare::Greater,
            always: false,
            tanh: Tanh::Libm,
        }],
    };
    let layer = LayerMapping { layer: "a".to_owned(), pes: Some(1), ..LayerMapping::default() };
    let mapping = MappingOptions { layers: vec![layer], ..MappingOptions::default() };
    let mapped = |rows| {
        map(&Request {
            network: &network,
            dram: Arc::new(Vast(rows)),
            restart: None,
            chip: &ChipOptions::default(),
            mapping: &mapping,
            assume: &Assume::default(),
            peaks: None,
            head: None,
        })
    };
    let (program, _) = mapped(FIT).unwrap();
    assert_eq!(program.dram_map.used_bytes(), program.dram_map.capacity_bytes());
    let error = mapped(FIT + 1).unwrap_err();
    assert!(matches!(error, MapError::Dram(_)) && is_misfit(&error), "{error:?}");
    assert_eq!(error.to_string(), REFUSED);
    assert_eq!((error.field(), error.help()), ("task".into(), "use at most 67,108,799 rows".into()));
}

#[test]
fn check_lists_what_shipped_scenes_have_in_dram() {
    for (scene, name) in [
        ("scenes/lm_small.ron", "embedding"),
        ("scenes/tensor.ron", "inputs"),
        ("scenes/dvs.ron", "features of frames"),
    ] {
        let loaded = load(scene, &[]);
        let plan = Plan::new(&loaded, &mut ModelCache::default()).unwrap();
        let network = plan.model.network();
        let rows = if name == "embedding" {
            plan.model.language().unwrap().embedding.words() as u64
        } else {
            session(scene, &[("mapping.batch", "1")]).work().total_steps()
        };
        let row = 4 * network.inputs().next_multiple_of(4) as u64;
        let report = CheckReport::new(&loaded, &plan);
        let dram = &report.dram;
        assert_eq!(dram.used_bytes, 2 * (1024 + (rows + 1) * row), "{scene}");
        assert_eq!(dram.capacity_bytes, 2 << 30);
        let of_rows: Vec<_> = dram.regions.iter().filter(|region| region.name == name).collect();
        for (port, region) in (0..).zip(&of_rows) {
            let start = 0x4000_0000 * u64::from(port) + 1024;
            assert_eq!((region.port, region.start, region.end), (port, start, start + rows * row), "{scene}");
        }
        assert_eq!(of_rows.len(), 2, "{scene}: {:?}", dram.regions);
        let text = report.to_text(&plan.program);
        assert!(text.contains(" of 2,147,483,648 bytes in use") && text.contains("0x40000400-"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn a_dma_reads_its_row_from_the_address_that_the_inspector_shows() {
    let mut session = session("scenes/lm_small.ron", &[]);
    let mut ports = [0; 2];
    let mut row = vec![0.0; session.program().dram.width()];
    let mut expected = row.clone();
    while ports.contains(&0) {
        assert!(matches!(session.advance(), StepOutcome::Advanced(_)));
        let (program, state) = (session.program(), session.machine().state());
        let reading = Pe::of(ChipId::FIRST).filter(|pe| state.pes[pe.index()].status == Status::Dma);
        for pe in reading {
            let (address, _) = dma::source(program, pe, &state.pes[pe.index()]).unwrap();
            let token = state.host.in_flight[0][0];
            assert_eq!(address, program.dram_map.address(dma::port(pe), token), "{pe}");
            program.read_dram(address, &mut row);
            program.dram.read(token, &mut expected);
            assert_eq!(row, expected);
            let place = PeLocation { pe: pe.index(), part: Part::Core, at: 0 };
            let seen = inspect(&session, Look { place, by_distance: false });
            let Some(PartView::Core(core)) = seen.view else { panic!("{pe} has a core") };
            let text = core.dma.unwrap().text;
            let from = format!("from DRAM port {}, {address:08x}, to", dma::port(pe));
            assert!(text.contains(&from), "{text}");
            ports[dma::port(pe)] += 1;
        }
    }
}
